<?php
/** Installs WordPress by its own installer, with one person a role; prints their application passwords as JSON. */
define( 'WP_INSTALLING', true );
define( 'ABSPATH', getenv( 'SITE_FOLDER' ) . '/' );
require ABSPATH . 'wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

function wp_mail() {
	return true;
}
add_filter( 'pre_http_request', '__return_true' );
wp_install( 'A site of our own', 'admin', 'admin@example.org', true, '', 'an admin password' );
$GLOBALS['wp_rewrite']->set_permalink_structure( '/%postname%/' );
delete_option( 'rewrite_rules' );
update_option( 'siteurl', getenv( 'SITE_URL' ) );
update_option( 'home', getenv( 'SITE_URL' ) );

$passwords = array();
foreach ( array( 'admin' => 'administrator', 'author' => 'author', 'contributor' => 'contributor' ) as $name => $role ) {
	$user = get_user_by( 'login', $name );
	$id   = $user ? $user->ID : wp_insert_user(
		array( 'user_login' => $name, 'user_pass' => "a password of $name", 'role' => $role, 'user_email' => "$name@example.org" )
	);
	list( $passwords[ $name ] ) = WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'Rundown' ) );
}
echo "\n" . wp_json_encode( $passwords );
