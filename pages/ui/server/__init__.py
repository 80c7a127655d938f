"""What stands between the server and a browser."""
