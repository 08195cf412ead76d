// Holds ../grafana against Grafana's published types: each document is written as a TypeScript
// constant of the type it must have, and the compiler looks for members that are missing, unknown or
// of the wrong kind.
//
// For three things no package publishes a type, or leaves it open. They are held against types written
// here, of the members that Grafana's own sources name (stored copies of them were read):
// - what a CloudWatch variable asks for: grafana/grafana,
//   public/app/plugins/datasource/cloudwatch/types.ts, `VariableQuery`;
// - the settings of an SNS contact point: grafana/alerting, receivers/sns/v1/config.go, `Config`;
// - what stands around contact points and rules in a file:
//   https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import yaml from "js-yaml";
import ts from "typescript";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const RAW = "@grafana/schema/dist/esm/raw/composable";

// Enums stand in JSON as their values; methods of the types stand in no JSON.
const PREAMBLE = `
import type { Dashboard, DataQuery } from "@grafana/schema";
import type { CloudWatchMetricsQuery } from "${RAW}/cloudwatch/dataquery/x/CloudWatchDataQuery_types.gen";
import type { Options as TimeSeriesOptions, FieldConfig as TimeSeriesFieldConfig } from "${RAW}/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type { Options as TextOptions } from "${RAW}/text/panelcfg/x/TextPanelCfg_types.gen";
import type { Dashboard as Dashboard10 } from "grafana-10/dashboard";
import type { CloudWatchMetricsQuery as CloudWatchMetricsQuery10 } from "grafana-10/cloudwatch";
import type { Options as TimeSeriesOptions10, FieldConfig as TimeSeriesFieldConfig10 } from "grafana-10/timeseries";
import type { ContactPoint as AnyContactPoint, Rule as AnyRule, Query, NotificationSettings } from "@grafana/grafana-foundation-sdk/alerting";
import type { TypeMath, TypeReduce } from "@grafana/grafana-foundation-sdk/expr";
type Json<T> = T extends string ? \`\${T}\`
  : T extends (infer U)[] ? Json<U>[]
  : T extends object ? { [K in keyof T as T[K] extends (...all: never[]) => unknown ? never : K]: Json<T[K]> }
  : T;
// A file names the folder and the group around the rule.
type Rule = Omit<AnyRule, "folderUID" | "orgID" | "ruleGroup" | "data" | "notification_settings">
  & { notification_settings: NotificationSettings };
type Read = Omit<Query, "model">;
type VariableQuery = DataQuery & ({ queryType: "regions" } | {
  queryType: "dimensionValues"; namespace: string; region: string; metricName: string;
  dimensionKey: string; dimensionFilters: { [dimension: string]: string | string[] };
});
type SnsSettings = {
  api_url?: string; topic_arn: string; subject?: string; message?: string;
  sigv4: { region?: string; access_key?: string; secret_key?: string; profile?: string; role_arn?: string };
  attributes?: { [name: string]: string };
};
// The published type does not know of SNS; a file names the contact point around its receivers.
type Receiver = Omit<AnyContactPoint, "name" | "provenance" | "type" | "settings" | "uid">
  & { uid: string; type: "sns"; settings: SnsSettings };
type File = {
  apiVersion: 1;
  contactPoints: { orgId: number; name: string; receivers: Receiver[] }[];
  groups: { orgId: number; name: string; folder: string; interval: string; rules: object[] }[];
};
`;

const constants = [];
const places = [];
function hold(type, value, place) {
  places.push(place);
  constants.push(`const c${places.length - 1}: Json<${type}> = ${JSON.stringify(value)};`);
}

function dashboard(file) {
  const model = JSON.parse(readFileSync(here(`../grafana/${file}`), "utf8"));
  hold("Dashboard", model, file);
  hold("Dashboard10", model, `${file} (Grafana 10)`);
  for (const variable of model.templating.list.filter(({ type }) => type === "query")) {
    hold("VariableQuery", variable.query, `${file}, variable ${variable.name}`);
  }
  for (const panel of model.panels) {
    const place = `${file}, panel ${JSON.stringify(panel.title)}`;
    if (panel.type === "text") {
      hold("TextOptions", panel.options, place);
    } else if (panel.type === "timeseries") {
      hold("TimeSeriesOptions", panel.options, place);
      hold("TimeSeriesOptions10", panel.options, `${place} (Grafana 10)`);
      hold("TimeSeriesFieldConfig", panel.fieldConfig.defaults.custom, place);
      hold("TimeSeriesFieldConfig10", panel.fieldConfig.defaults.custom, `${place} (Grafana 10)`);
      for (const target of panel.targets) {
        hold("CloudWatchMetricsQuery", target, `${place}, query ${target.refId}`);
        hold("CloudWatchMetricsQuery10", target, `${place}, query ${target.refId} (Grafana 10)`);
      }
    } else if (panel.type !== "row") {
      throw new Error(`${place}: unknown type ${panel.type}`);
    }
  }
}

function alertRules(file) {
  const document = yaml.load(readFileSync(here(`../grafana/${file}`), "utf8"));
  hold("File", document, file);
  for (const rule of document.groups.flatMap((group) => group.rules)) {
    const place = `${file}, rule ${rule.uid}`;
    const { data, ...rest } = rule;
    hold("Rule", rest, place);
    for (const { model, ...read } of data) {
      hold("Read", read, `${place}, ${read.refId}`);
      const types = { math: "TypeMath", reduce: "TypeReduce" };
      hold(types[model.type] ?? "CloudWatchMetricsQuery", model, `${place}, ${read.refId}`);
    }
  }
}

dashboard("quantity.json");
dashboard("quality.json");
alertRules("alerting.yaml");

mkdirSync(here("node_modules/.check"), { recursive: true });
const source = here("node_modules/.check/check.ts");
writeFileSync(source, `${PREAMBLE}${constants.join("\n")}\nexport {};\n`);
const first = PREAMBLE.split("\n").length - 1;
const program = ts.createProgram([source], {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
});
const problems = ts.getPreEmitDiagnostics(program);
for (const problem of problems) {
  const line = problem.file?.getLineAndCharacterOfPosition(problem.start).line ?? 0;
  const place = places[line - first] ?? "check";
  console.error(`${place}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}`);
}
if (problems.length > 0) process.exit(1);
console.log(`${places.length} parts of 3 files are of Grafana's types`);
