-- How Argo CD sees every kind of iam.rollcall.dev. docs/gitops.md says what each health means.

local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

-- health takes its message from the first of the conditions that is there.
local function health(code, ...)
  for _, kind in ipairs({...}) do
    if conditions[kind] ~= nil then
      return {status = code, message = conditions[kind].message}
    end
  end
  return {status = code, message = "Waits to be looked at."}
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "RemovalBlocked", "Ready")
end
if status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing")
end
if is("Stalled") then
  return health("Degraded", "Stalled")
end
if not is("Ready") then
  return health("Progressing", "Ready")
end
if conditions["Ready"].reason == "Suspended" then
  return health("Suspended", "Ready")
end

-- Ready does not wait for a person, and a rail that stops something is no fault: both are healthy, and told.
for _, kind in ipairs({"RemovalsPaused", "InvitationsPaused", "DriftDetected", "Pending"}) do
  if is(kind) then
    return health("Healthy", kind)
  end
end
return health("Healthy", "Ready")
