// The variables that tell a command of the site and the pod: in its environment, and written as
// $ROLLCALL_POD_HOST in its arguments. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/core/topology.h"

namespace rollcall {

using CommandVariables = std::map<std::string, std::string>;

// ROLLCALL_SITE_URL, _SITE_HOST, _SITE_PORT and _SITE_SCHEME; with a pod ROLLCALL_POD_NAME,
// _POD_HOST (IPv6 without brackets), _POD_PORT, _POD_SCHEME and _POD_ADDRESS ("host:port").
CommandVariables commandVariables(const Site& site, const Pod* pod);

// `argument` with each $NAME of `variables` replaced. Every other '$' stays.
std::string filledIn(std::string_view argument, const CommandVariables& variables);

// The first name in `argument` that begins with ROLLCALL_SITE_ or ROLLCALL_POD_ and stands for
// nothing for a command that runs once per pod, or once; empty when there is none.
std::string unknownVariable(std::string_view argument, bool perPod);

}  // namespace rollcall
