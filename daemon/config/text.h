// Words for people about text that people wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall {

// In quotes, at most 80 characters, control characters and bytes beyond ASCII replaced, and
// whatever stands before an '@' (it may be a password) hidden.
std::string shown(std::string_view text);

// The candidate a person most likely meant; empty when none is close.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);
// ", did you mean \"database\"?"; empty when nothing is close.
std::string didYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

// The shortest form that parseDuration reads as the same: "90s", "1500ms", "2h". Whole
// milliseconds.
std::string durationText(Duration duration);

// The most that is read of a file of settings.
constexpr std::size_t kMaxFileBytes = 1u << 20;
// A whole small file, or a pipe's content. The Error is one sentence without the path; waits at
// most a few seconds for a pipe.
Result<std::string> readSmallFile(const std::string& path, std::size_t maxBytes);
// The only line of a file that holds a secret.
Result<std::string> readSecretFile(const std::string& path);

}  // namespace rollcall
