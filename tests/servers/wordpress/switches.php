<?php
/** What owners and their plugins do to a site, switched on by the names in the file `switches` beside wp-config.php. */
$on = is_file( ABSPATH . 'switches' ) ? explode( ' ', file_get_contents( ABSPATH . 'switches' ) ) : array();

if ( in_array( 'no_application_passwords', $on, true ) ) {
	add_filter( 'wp_is_application_passwords_available', '__return_false' );
}
if ( in_array( 'rest_closed', $on, true ) ) {
	add_filter(
		'rest_authentication_errors',
		function () {
			return new WP_Error( 'rest_disabled', 'The REST API is switched off on this site.', array( 'status' => 403 ) );
		}
	);
}
if ( in_array( 'challenge', $on, true ) && preg_match( '/wp-json|rest_route/', $_SERVER['REQUEST_URI'] ) ) {
	header( 'Content-Type: text/html' );
	echo '<!doctype html><title>One moment</title><p>Checking your browser.</p>';
	exit;
}
if ( in_array( 'plain_permalinks', $on, true ) ) {
	add_filter( 'pre_option_permalink_structure', '__return_empty_string' );
}
if ( in_array( 'header_dropped', $on, true ) ) {
	unset( $_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'], $_SERVER['HTTP_AUTHORIZATION'] );
}
if ( in_array( 'seo', $on, true ) ) {
	add_action(
		'init',
		function () {
			$anyone = function () {
				return current_user_can( 'edit_posts' );
			};
			$meta   = array( 'type' => 'string', 'single' => true, 'show_in_rest' => true, 'auth_callback' => $anyone );
			register_post_meta( 'post', '_yoast_wpseo_canonical', $meta );
		}
	);
}
if ( in_array( 'meddling', $on, true ) ) {
	add_filter(
		'content_save_pre',
		function ( $content ) {
			return $content . '<p>A word from our sponsor.</p>';
		}
	);
}
