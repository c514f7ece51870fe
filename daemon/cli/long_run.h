// What commands that run until they are told to end have in common.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "daemon/core/result.h"
#include "daemon/run/journal.h"

namespace rollcall {

// Blocks SIGTERM and SIGINT for this thread and all that come after it: to be called from main's
// thread while it is the only one, before runUntilSignal().
void blockSignals();

// On stderr, in the style that fits what is there.
std::unique_ptr<Journal> makeStderrJournal();

// Says why the command cannot start; the exit code.
int refuseToStart(Journal& journal, const Error& error);

// Runs `work` on a thread of its own until it ends or the first signal asks it to. Then it has 4 s:
// work that takes longer is abandoned and the program ends with 0, at a second signal with 130 or
// 143 and at once.
void runUntilSignal(const std::function<void(std::stop_token)>& work, Journal& journal);

}  // namespace rollcall
