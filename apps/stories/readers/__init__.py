"""Where stories come from. A reader takes frozen settings and yields frozen stories; it knows no database."""
