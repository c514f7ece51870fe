// A report's numbers for a Prometheus Pushgateway: what a Job that is gone before the next scrape
// leaves behind.
#pragma once

#include <string>

#include "daemon/core/clock.h"
#include "daemon/core/report.h"
#include "daemon/core/result.h"
#include "daemon/net/http_client.h"

namespace rollcall {

// Posts them to the group (job "rollcall_report", site = the site's URL) of the gateway at `url`;
// three tries within a minute. The time of the last success stays from an earlier report when this
// one could not look at everything: so a POST, which leaves what it does not name, and no PUT.
Result<void> pushReport(const Clock& clock, HttpClient& http, const std::string& url,
                        const Report& report);

// Where: "http://gateway:9091/metrics/job/rollcall_report/site@base64/aHR0cHM6Ly9l". Pure.
std::string pushAddress(const std::string& url, const Site& site);

}  // namespace rollcall
