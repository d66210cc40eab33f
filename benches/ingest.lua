-- Single events as a backend sends them: 22 goal names, 20,000 visitors, 500 pages, metadata on a third.
local names = {}
for n = 1, 22 do names[n] = "Goal " .. n end
local id = 0
request = function()
  id = id + 1
  local visitor = math.random(20000)
  local body = string.format(
    '{"name":"%s","anonymous_id":"0190f3c2-7d1a-7c33-8a5e-%012d","url":"https://example.com/page/%d?utm_source=s%d"%s}',
    names[math.random(22)], visitor, math.random(500), math.random(10),
    id % 3 == 0 and ',"metadata":{"plan":"pro","seats":3}' or "")
  return wrk.format("POST", "/api/event", { ["authorization"] = "Bearer " .. os.getenv("ADMX_KEY") }, body)
end
local bad = 0
response = function(status) if status ~= 200 then bad = bad + 1 end end
