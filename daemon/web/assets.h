// The status page's style sheet and script, which stand in page.css and page.js, and the policy
// that lets a browser run nothing else.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

// For the header Content-Security-Policy: these two by their hashes, requests to the daemon itself;
// nothing from elsewhere, no frame around the page, no form.
std::string contentPolicy();

}  // namespace rollcall
