// The control port of the mock site: faults, churn and counts, as HTTP requests with a query.
#pragma once

#include <string>

#include "tests/bench/mock_site_server.h"
#include "tests/bench/mock_site_state.h"

namespace rollcall::bench {

// Help for people: a line a request.
extern const char* const kControlHelp;

// Appends the answer, JSON; 400 with {"error": ...} for what it does not understand.
void answerControl(SiteState& site, const Request& request, bool post, std::string& out);

}  // namespace rollcall::bench
