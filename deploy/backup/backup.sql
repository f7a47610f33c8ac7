-- The whole database into a directory below the server's backups.allowed_path; Disk('…', '…') and S3('…') go as well.
-- The next ones need only what is new since: add SETTINGS base_backup = File('huoqun-1').
BACKUP DATABASE {database} TO File('{file}');
