// A SCIM server of scimmy and express that keeps all in memory, as its documentation shows. Arguments: port, token.
import { createRequire } from "node:module";
const require = createRequire(process.env.NODE_MODULES + "/x.js");
const load = (name) => { const found = require(name); return found.default ?? found; };
const express = load("express");
const SCIMMY = load("scimmy");
const SCIMMYRouters = load("scimmy-routers");
const [port, token] = process.argv.slice(2);
const conflict = () => { throw new SCIMMY.Types.Error(409, "uniqueness", "the name is taken"); };

let last = 0;
function store(named) {
  const all = new Map(), names = new Map();
  return {
    ingress(resource, data) {
      const name = String(data[named]).toLowerCase();
      const taken = names.get(name);
      const id = resource.id ?? String(++last);
      if (taken !== undefined && taken !== id) conflict();
      if (resource.id && !all.has(id)) throw new SCIMMY.Types.Error(404, null, "not found");
      const kept = { ...all.get(id), ...JSON.parse(JSON.stringify(data)), id };
      all.set(id, kept);
      names.set(name, id);
      return kept;
    },
    egress(resource) {
      if (resource.id) {
        if (!all.has(resource.id)) throw new SCIMMY.Types.Error(404, null, "not found");
        return all.get(resource.id);
      }
      const list = [...all.values()];
      return resource.filter ? resource.filter.match(list) : list;
    },
    degress(resource) { all.delete(resource.id); },
  };
}
SCIMMY.Resources.declare(SCIMMY.Resources.User, store("userName"));
SCIMMY.Resources.declare(SCIMMY.Resources.Group, store("displayName"));
const app = express();
app.use("/", new SCIMMYRouters({ type: "bearer", handler: (request) => {
  if (request.header("Authorization") !== "Bearer " + token) throw new Error("no");
  return "me";
} }));
app.listen(Number(port), "127.0.0.1", () => console.log("ready"));
