-- Into nothing: with sinks stopped. A database that is there is dropped first, so look twice.
DROP DATABASE IF EXISTS {database};
RESTORE DATABASE {database} FROM File('{file}');
