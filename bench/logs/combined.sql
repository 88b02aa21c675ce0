-- Combined log lines as columns, split at spaces outside quotes. `time` is `[02/Nov/2026:09:40:07`.
SELECT substr(time, 14, 5) AS minute, segment, status, request_time
FROM read_csv('{file}', delim = ' ', quote = '"', escape = '', header = false, auto_detect = false,
    ignore_errors = true, store_rejects = true, rejects_limit = 0,
    columns = {
        'address': 'VARCHAR', 'ident': 'VARCHAR', 'login': 'VARCHAR', 'time': 'VARCHAR', 'zone': 'VARCHAR',
        'request': 'VARCHAR', 'status': 'INTEGER', 'bytes': 'BIGINT', 'referer': 'VARCHAR', 'agent': 'VARCHAR',
        'request_time': 'DOUBLE', 'segment': 'VARCHAR'
    })
