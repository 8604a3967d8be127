"""Everything that touches pixels: probing, backgrounds, cards, composing, thumbnails. One ffmpeg process a job."""
