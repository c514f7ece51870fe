#include "daemon/cli/command_table.h"

namespace rollcall {
namespace {

using Value = FlagInfo::Value;

constexpr FlagSpec kConfigFlags[] = {
    {"--config", "FILE", "", Value::kFile,
     "Rollcall's configuration (YAML); without it the one that ROLLCALL_CONFIG names"},
    {"--ghost-config", "FILE", "", Value::kFile,
     "Ghost's own config.production.json: site and database are taken from it"},
    {"--url", "SITE", "site.url", Value::kText, "the site as its readers type it"},
    {"--pod", "NAME=URL", "pods", Value::kText, "a pod and its own address; repeat it for each"},
    {"--pods-dns", "HOST:PORT", "pods_dns", Value::kText,
     "every address of a headless Service is a pod"},
    {"--kube-selector", "LABELS", "kubernetes.selector", Value::kText,
     "in a cluster: the pods with these labels, as kubectl's --selector takes them"},
    {"--kube-service", "NAME", "kubernetes.service", Value::kText,
     "Ghost's Service: tells which of these pods get traffic"},
    {"--kube-namespace", "NAME", "kubernetes.namespace", Value::kText,
     "where these pods are (default: where Rollcall runs)"},
    {"--kube-port", "PORT", "kubernetes.port", Value::kText,
     "Ghost's port in these pods, its number or name (default: found out)"},
    {"--pod-ca", "FILE", "pod_ca", Value::kFile,
     "authority (PEM) that signed the pods' certificates"},
    {"--db", "URL", "database.url", Value::kText, "the database: mysql://user@host:3306/name"},
    {"--db-password-file", "FILE", "database.password_file", Value::kFile,
     "file that holds the database's password (or set ROLLCALL_DB_PASSWORD)"},
    {"--db-ca", "FILE", "database.tls.ca", Value::kFile,
     "authority (PEM) of the database's certificate; turns TLS on"},
    {"--routes", "FILE", "routes", Value::kFile, "the site's routes.yaml"},
    {"--content", "DIR", "content.path", Value::kFolder, "Ghost's shared content folder"},
    {"--max-findings", "N", "max_findings", Value::kText, "most findings a JSON report lists"},
};
constexpr FlagSpec kOutputFlag = {"--output", "FORMAT", "", Value::kText,
                                  "table (default), json, junit, nagios, prometheus or markdown"};
constexpr FlagSpec kReportFlags[] = {
    {"--output", "FORMAT", "", Value::kText,
     "what to print: markdown (default), html, json or junit"},
    {"--output-dir", "DIR", "", Value::kFolder,
     "print one line and write report.md, .html, .json and .xml there"},
    {"--push", "URL", "", Value::kText,
     "tell this Pushgateway when the report was made and how many findings it has"},
    {"--webhook", "FORMAT", "webhook.format", Value::kText,
     "tell the webhook of webhook.url_file or ROLLCALL_WEBHOOK_URL: generic or slack"},
};
constexpr FlagSpec kRunFlags[] = {
    {"--only", "CHECK[,CHECK]", "", Value::kText, "only these checks"},
    {"--timeout", "TIME", "", Value::kText,
     "when to give up, such as 45s or 10m, 1h at most (default: 30s, report: 30m)"},
    {"--purge", "dry|now", "checks.edge.purge", Value::kText,
     "what is done about an address that the CDN keeps wrongly: dry tells what it would do"},
    {"--fail-on", "LEVEL", "", Value::kText,
     "what exits with other than 0: warn (warnings and failures; default), fail or never"},
};
constexpr FlagSpec kSendTestFlag = {
    "--send-test", "ADDRESS", "mail.test_to", Value::kText,
    "send one mail to this address, as Ghost would; without it no mail is ever sent"};
constexpr FlagSpec kListenFlag = {"--listen", "ADDR:PORT", "listen", Value::kText,
                                  "where the daemon's own web server listens"};
constexpr FlagSpec kLeaseFlag = {
    "--kube-lease", "NAME", "kubernetes.lease", Value::kText,
    "in a cluster: of several replicas the one that holds this Lease does what one alone should"};
constexpr FlagSpec kStateFlag = {
    "--state", "FILE", "state", Value::kFile,
    "keeps what was found: the next report compares, a restarted daemon goes on; made when absent"};
constexpr FlagSpec kAddressFlag = {"--address", "HOST:PORT", "", Value::kText,
                                   "where the daemon listens (127.0.0.1:9868)"};
constexpr FlagSpec kAgentFlags[] = {
    {"--content-path", "DIR", "", Value::kFolder,
     "Ghost's content folder, mounted as in Ghost's own container"},
    {"--folders", "NAME[,NAME]", "", Value::kText,
     "which folders of it; else images,media,files,themes,settings,data"},
    {"--interval", "TIME", "", Value::kText, "from one look to the next; else 20s"},
    {"--listen", "ADDR:PORT", "", Value::kText, "where it answers; else 0.0.0.0:9869"},
};

constexpr CommandSpec kCommands[] = {
    {Command::kCheck, "check", "Take the roll once and say what is wrong",
     "Examples:\n"
     "  rollcall check --ghost-config config.production.json \\\n"
     "      --pod pod-1=http://10.0.0.11:2368 --pod pod-2=http://10.0.0.12:2368\n"
     "  rollcall check --ghost-config config.production.json --pods-dns ghost-pods:2368\n"
     "  rollcall check --config rollcall.yaml --only posts --output json\n"
     "  rollcall check --config rollcall.yaml --watch 10\n"
     "\n"
     "Exit codes: 0 pass, 1 warnings, 2 failures, 3 could not look, 64 usage or configuration,\n"
     "130 interrupted. With --fail-on fail warnings exit 0, with --fail-on never every verdict\n"
     "does; without a report, or when it cannot be written, the exit code is 3 all the same.\n"
     "With --watch it is the last round's.\n"},
    {Command::kReport, "report", "Look at everything and write a report for people",
     "Examples:\n"
     "  rollcall report --config rollcall.yaml > report.md\n"
     "  rollcall report --config rollcall.yaml --output-dir /var/lib/rollcall \\\n"
     "      --state /var/lib/rollcall/state.db --push http://pushgateway:9091\n"
     "\n"
     "Where \"check\" asks every pod for the newest posts and for what looks wrong, a report asks\n"
     "for every post, at budget.pages_per_second. At its default of 5 about 7,000 posts fit in\n"
     "30m: for more raise it, or --timeout. Drafts and scheduled posts are not named.\n"
     "Exit codes are those of check, and 3 when the report could not be written, remembered\n"
     "(--state), pushed or told the webhook. In a CronJob use --fail-on never, or Kubernetes tries "
     "a report that\n"
     "found something again.\n"},
    {Command::kServe, "serve", "Run as a daemon: metrics, report and status page",
     "Examples:\n"
     "  rollcall serve --config /etc/rollcall/rollcall.yaml\n"
     "  rollcall serve --ghost-config config.production.json --pods-dns ghost-pods:2368 \\\n"
     "      --listen 127.0.0.1:9868\n"
     "\n"
     "--output, --timeout, --fail-on and --verbose matter to \"rollcall check\" only.\n"},
    {Command::kVolumeAgent, "volume-agent",
     "Run beside a pod: whether it can write to the content volume",
     "Examples:\n"
     "  rollcall volume-agent --content-path /var/lib/ghost/content\n"
     "  rollcall volume-agent --content-path /var/lib/ghost/content --folders images,media \\\n"
     "      --interval 10s --listen 127.0.0.1:9869\n"
     "\n"
     "It needs no configuration and no secret: only the folder, as Ghost's user. It writes a "
     "small\n"
     "file to each folder, reads it back and removes it; a folder that is missing is what it\n"
     "reports. The daemon reads it with checks.volume.agent_port: 9869; people may look, too:\n"
     "  curl http://10.0.0.11:9869/api/v1/volume\n"},
    {Command::kList, "list", "Show the checks and the codes of their findings",
     "Example:\n  rollcall list\n"},
    {Command::kExplain, "explain", "Say what a finding's code means and what mends it",
     "Examples:\n  rollcall explain RC201\n  rollcall explain posts\n"},
    {Command::kConfigCheck, "config check", "Validate the configuration without contacting anyone",
     "Example:\n  rollcall config check --config rollcall.yaml\n"},
    {Command::kConfigShow, "config show", "Print the effective configuration as YAML",
     "Example:\n  rollcall config show --ghost-config config.production.json > rollcall.yaml\n"},
    {Command::kHealth, "health", "Say whether a daemon is alive, as its /livez tells",
     "Examples:\n"
     "  rollcall health\n"
     "  rollcall health --address 127.0.0.1:9868\n"
     "\n"
     "Exit codes: 0 alive, 1 not alive or no answer within 3 s, 64 usage.\n"},
    {Command::kShowVersion, "version", "Print the version", "Example:\n  rollcall version\n"},
    {Command::kCompletion, "completion", "Print a completion script for bash, zsh or fish",
     "Examples:\n"
     "  source <(rollcall completion bash)\n"
     "  rollcall completion zsh > ~/.zfunc/_rollcall\n"
     "  rollcall completion fish > ~/.config/fish/completions/rollcall.fish\n"},
};

bool takesConfig(Command command) {
  return command == Command::kCheck || command == Command::kReport || command == Command::kServe ||
         command == Command::kConfigCheck || command == Command::kConfigShow;
}

// Takes what matters to a daemon.
bool runsOn(Command command) {
  return takesConfig(command) && command != Command::kCheck && command != Command::kReport;
}

}  // namespace

const char* const kUsage =
    "Three usual ways to start:\n"
    "  1. beside Ghost, with its own configuration:\n"
    "       rollcall check --ghost-config config.production.json --pods-dns ghost-pods:2368\n"
    "  2. from anywhere, with everything named:\n"
    "       rollcall check --url https://example.org --db mysql://rollcall@db:3306/ghost \\\n"
    "           --db-password-file password.txt --pod pod-1=http://10.0.0.11:2368\n"
    "  3. as a daemon:\n"
    "       rollcall serve --config rollcall.yaml\n";

std::span<const CommandSpec> commandTable() {
  return kCommands;
}

bool takesRun(Command command) {
  return command == Command::kCheck || command == Command::kReport || command == Command::kServe;
}

bool takesVerbose(Command command) {
  return takesRun(command) && command != Command::kReport;
}

std::span<const std::pair<const char*, OutputFormat>> outputsOf(Command command) {
  if (!takesRun(command)) return {};
  if (command == Command::kReport) return kReportOutputs;
  return kOutputs;
}

std::vector<const FlagSpec*> flagsOf(Command command) {
  std::vector<const FlagSpec*> flags;
  if (takesConfig(command))
    for (const FlagSpec& flag : kConfigFlags) flags.push_back(&flag);
  if (takesRun(command))
    for (const FlagSpec& flag : kRunFlags) flags.push_back(&flag);
  if (command == Command::kCheck || command == Command::kServe) flags.push_back(&kOutputFlag);
  if (command == Command::kCheck) flags.push_back(&kSendTestFlag);
  if (command == Command::kReport)
    for (const FlagSpec& flag : kReportFlags) flags.push_back(&flag);
  if (command == Command::kReport || runsOn(command)) flags.push_back(&kStateFlag);
  if (runsOn(command))
    for (const FlagSpec* flag : {&kListenFlag, &kLeaseFlag}) flags.push_back(flag);
  if (command == Command::kHealth) flags.push_back(&kAddressFlag);
  if (command == Command::kVolumeAgent)
    for (const FlagSpec& flag : kAgentFlags) flags.push_back(&flag);
  return flags;
}

}  // namespace rollcall
