// What the API answers, as the tests of this folder script it.
#pragma once

#include <string>
#include <vector>

#include "tests/support/scripted_http.h"

namespace rollcall::k8s {

using testing_support::Scripted;
using testing_support::ScriptedHttp;

// A list's page of objects with these names.
inline std::string listOf(const std::vector<std::string>& names, const std::string& version,
                          const std::string& next = "") {
  std::string items;
  for (const std::string& name : names)
    items += (items.empty() ? "" : ",") + (R"({"metadata":{"name":")" + name + R"(","uid":"u-)" +
                                           name + R"("},"status":{"podIP":"10.0.0.1"}})");
  return R"({"metadata":{"resourceVersion":")" + version + R"(","continue":")" + next +
         R"("},"items":[)" + items + "]}";
}

// A line of a watch.
inline std::string eventOf(const std::string& type, const std::string& name,
                           const std::string& version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name + R"(","uid":"u-)" +
         name + R"(","resourceVersion":")" + version + "\"}}}\n";
}

}  // namespace rollcall::k8s
