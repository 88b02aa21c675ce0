-- Per minute and segment: requests, those that did not fail, those that were fast enough. A line that says no minute,
-- status, duration or segment is rejected: the row without a minute counts these.
CREATE TABLE counts AS
SELECT
    minute, segment, count(*) AS total,
    count(*) FILTER (status < 500) AS available,
    count(*) FILTER (request_time < CASE segment WHEN 'premium' THEN 0.2 WHEN 'standard' THEN 0.5 ELSE 2.0 END) AS fast
FROM lines
GROUP BY minute, segment
