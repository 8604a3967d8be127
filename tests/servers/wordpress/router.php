<?php
/** Serves files that are there, and gives every other address to WordPress, as a web server's rewrite rule would. */
// The shipped files are links: without this, WordPress would look for its configuration where they lead.
define( 'ABSPATH', $_SERVER['DOCUMENT_ROOT'] . '/' );
$path = rawurldecode( parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
$file = $_SERVER['DOCUMENT_ROOT'] . $path;
if ( '/' !== $path && is_file( $file ) ) {
	if ( '.php' !== substr( $path, -4 ) ) {
		return false;
	}
	require $file;
	return;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
$_SERVER['PHP_SELF']    = '/index.php';
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
