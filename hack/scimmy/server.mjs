// A SCIM 2.0 service provider for the tests, on scimmy and scimmy-routers: somebody else's reading of RFC 7643 and
// RFC 7644, over HTTP on 127.0.0.1, with a store in memory.
//
//   SCIM_TOKEN=<token> node server.mjs <folder with node_modules> [<port>]
//
// prints "listening on http://127.0.0.1:<port>/scim/v2", and ends on SIGTERM. What is not scimmy's is the store: ids,
// uniqueness, who is in which group, and pages, which scimmy would cut out of all resources at once.
import {createHash, randomUUID, timingSafeEqual} from "node:crypto";
import {createRequire} from "node:module";
import path from "node:path";
import process from "node:process";

const [folder, port = "0"] = process.argv.slice(2);
const token = process.env.SCIM_TOKEN ?? "";
if (!folder || token === "") {
    console.error("usage: SCIM_TOKEN=<token> node server.mjs <folder with node_modules> [<port>]");
    process.exit(2);
}
const require = createRequire(path.resolve(folder, "package.json"));
const express = require("express");
const {default: SCIMMY = require("scimmy")} = require("scimmy");
const {default: SCIMMYRouters} = require("scimmy-routers");

const base = "/scim/v2";
const longestBody = 16 * 1024 * 1024;

const users = new Map();
const groups = new Map();
// userNames and externalIds lead to the ids of users, so that finding one costs no walk through all.
const userNames = new Map();
const externalIds = new Map();

const notFound = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
const lower = (text) => String(text).toLowerCase();

// plain is what scimmy made of a body, without its accessors, and without what the store knows itself.
function plain(instance) {
    const {schemas, meta, id, ...rest} = JSON.parse(JSON.stringify(instance));
    return rest;
}

function write(store, id, data) {
    const now = new Date();
    const old = store.get(id);
    const kept = {...data, id, meta: {created: old?.meta.created ?? now, lastModified: now}};
    store.set(id, kept);
    return kept;
}

// answered is a user as it is told, with the groups that have it as a member.
function answered(user) {
    const within = [...(memberOf.get(user.id) ?? [])].map((id) => groups.get(id));
    if (within.length === 0) return user;
    return {...user, groups: within.map(({id, displayName}) => ({value: id, display: displayName, type: "direct"}))};
}

// memberOf are the ids of the groups that have a user or a group as a member.
const memberOf = new Map();

function setMembers(group, ids) {
    for (const id of (groups.get(group)?.members ?? []).map(({value}) => value)) memberOf.get(id)?.delete(group);
    for (const id of ids) {
        if (!memberOf.has(id)) memberOf.set(id, new Set());
        memberOf.get(id).add(group);
    }
}

// leaveAll takes a resource that is gone out of every group.
function leaveAll(id) {
    for (const group of memberOf.get(id) ?? []) {
        const kept = groups.get(group);
        write(groups, group, {...kept, members: kept.members.filter(({value}) => value !== id)});
    }
    memberOf.delete(id);
}

// page answers a listing with what scimmy need not look at cut off. It cuts once more by itself, unless the first index
// is beyond what it is given; so it gets everything when it would cut wrongly.
function page(resource, found) {
    const {startIndex = 1, count = 20, sortBy} = resource.constraints ?? {};
    if (sortBy !== undefined || (startIndex > 1 && startIndex <= count)) return found;
    resource.constraints = {...resource.constraints, totalResults: found.length};
    return found.slice(Math.max(startIndex, 1) - 1, Math.max(startIndex, 1) - 1 + Math.max(count, 0));
}

// read finds one resource, or a page of those that pass the filter.
function read(store, resource, tell) {
    if (resource.id) {
        if (!store.has(resource.id)) throw notFound(resource.id);
        return tell(store.get(resource.id));
    }
    let found = candidates(store, resource.filter);
    if (resource.filter) found = found.filter((one) => passes(resource.filter, tell(one)));
    return page(resource, found).map(tell);
}

// passes asks scimmy about one resource, because it gives up on all when one lacks an attribute of the filter.
function passes(filter, one) {
    try {
        return filter.match([one]).length === 1;
    } catch (e) {
        if (e instanceof TypeError) return false;
        throw e;
    }
}

// candidates narrows down what a filter on one userName or externalId has to look at.
function candidates(store, filter) {
    const [[name, comparison] = []] = filter?.length === 1 ? Object.entries(filter[0]) : [];
    const [comparator, value] = Array.isArray(comparison) ? comparison : [];
    if (store !== users || comparator !== "eq") return [...store.values()];
    if (name === "userName") return [userNames.get(lower(value))].filter((id) => id).map((id) => users.get(id));
    if (name === "externalId") return [...(externalIds.get(value) ?? [])].map((id) => users.get(id));
    return [...store.values()];
}

// index makes a user findable, or no longer so.
function index(id, user, present) {
    const {userName, externalId} = user;
    if (present) userNames.set(lower(userName), id);
    else userNames.delete(lower(userName));
    if (externalId === undefined) return;
    if (!externalIds.has(externalId)) externalIds.set(externalId, new Set());
    if (present) externalIds.get(externalId).add(id);
    else externalIds.get(externalId).delete(id);
}

SCIMMY.Resources.declare(SCIMMY.Resources.User)
    .extend(SCIMMY.Schemas.EnterpriseUser, false)
    .egress((resource) => read(users, resource, answered))
    .ingress((resource, instance) => {
        const id = resource.id ?? randomUUID();
        if (resource.id && !users.has(id)) throw notFound(id);
        const data = plain(instance);
        const holder = userNames.get(lower(data.userName));
        if (holder !== undefined && holder !== id) {
            throw new SCIMMY.Types.Error(409, "uniqueness", `userName ${data.userName} is taken`);
        }
        if (users.has(id)) index(id, users.get(id), false);
        index(id, data, true);
        return answered(write(users, id, {active: true, ...data, groups: undefined, password: undefined}));
    })
    .degress(({id}) => {
        if (!users.has(id)) throw notFound(id);
        index(id, users.get(id), false);
        leaveAll(id);
        users.delete(id);
    });

SCIMMY.Resources.declare(SCIMMY.Resources.Group)
    .egress((resource) => read(groups, resource, (group) => group))
    .ingress((resource, instance) => {
        const id = resource.id ?? randomUUID();
        if (resource.id && !groups.has(id)) throw notFound(id);
        const data = plain(instance);
        const ids = [...new Set((data.members ?? []).map(({value}) => value))];
        const unknown = ids.find((member) => !users.has(member) && !groups.has(member));
        if (unknown !== undefined) {
            throw new SCIMMY.Types.Error(400, "invalidValue", `There is no resource ${unknown}`);
        }
        setMembers(id, ids);
        const members = ids.map((value) => ({value, type: users.has(value) ? "User" : "Group"}));
        return write(groups, id, {...data, members});
    })
    .degress(({id}) => {
        if (!groups.has(id)) throw notFound(id);
        setMembers(id, []);
        leaveAll(id);
        groups.delete(id);
    });

const digest = (text) => createHash("sha256").update(text).digest();

SCIMMY.Config.set({bulk: {supported: true, maxPayloadSize: longestBody}});
const app = express();
app.disable("x-powered-by");
let origin = "";
app.use(base, new SCIMMYRouters({
    type: "bearer",
    baseUri: () => origin,
    handler: (request) => {
        const given = (request.header("Authorization") ?? "").replace(/^Bearer /, "");
        if (!timingSafeEqual(digest(given), digest(token))) throw new Error("The bearer token is missing or wrong");
        return "";
    },
}));

// The routers hand on what they have answered with 500. Express by itself would then cut the connection.
app.use((error, request, response, next) => {
    console.error(`${request.method} ${request.originalUrl}:`, error);
    if (!response.headersSent) next(error);
});

const server = app.listen(Number(port), "127.0.0.1", () => {
    origin = `http://127.0.0.1:${server.address().port}`;
    console.log(`listening on ${origin}${base}`);
});
// A client's connection may idle for as long as a test takes.
server.keepAliveTimeout = 60 * 60 * 1000;
process.on("SIGTERM", () => process.exit(0));
