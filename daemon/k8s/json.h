// Documents of the Kubernetes API, read with limits: whoever may make a pod in the namespace writes
// most of what stands in them. Pure.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/core/result.h"

namespace rollcall::k8s {

// kProtocol when `text` is no JSON or is nested more deeply than any object of the API. What
// servers note about who set which field ("managedFields"), often half of an object, is left out.
Result<nlohmann::json> readJson(std::string_view text);

// What is found along `keys`; null when one is absent or something on the way is no object.
const nlohmann::json* find(const nlohmann::json& object, std::initializer_list<const char*> keys);
// As find(), when it is text, a truth value, a list; else empty, nothing, null.
std::string textAt(const nlohmann::json& object, std::initializer_list<const char*> keys);
std::optional<bool> flagAt(const nlohmann::json& object, std::initializer_list<const char*> keys);
const nlohmann::json* listAt(const nlohmann::json& object, std::initializer_list<const char*> keys);
// A whole number within [least, most].
std::optional<long> numberAt(const nlohmann::json& object, std::initializer_list<const char*> keys,
                             long least, long most);

// "2026-01-31T23:30:00Z", with or without a fraction of a second.
std::optional<WallTime> readTime(std::string_view text);

// As "renewTime" and "eventTime" must be written: "2026-01-31T23:30:00.000000Z".
std::string microTime(WallTime time);

// A name as objects have them: a DNS name in lower case.
bool isName(std::string_view text);
// `text` when it is short and printable without spaces, such as a zone or an image; else empty.
std::string plainText(std::string text);

}  // namespace rollcall::k8s
