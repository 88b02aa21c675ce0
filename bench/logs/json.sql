-- JSON lines, only the four keys that are looked at.
SELECT substr(time, 12, 5) AS minute, segment, status, request_time
FROM read_json('{file}', format = 'newline_delimited', ignore_errors = true,
    columns = {'time': 'VARCHAR', 'status': 'INTEGER', 'request_time': 'DOUBLE', 'segment': 'VARCHAR'})
