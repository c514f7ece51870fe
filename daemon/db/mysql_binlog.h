// The ChangeFeed of a MySQL or MariaDB server: its binary log, followed as a replica does. The
// account needs REPLICATION SLAVE and REPLICATION CLIENT, which let it read every change of every
// database of that server. Of the events only the tables' names are read, and how a statement
// begins.
#pragma once

#include <memory>

#include "daemon/core/clock.h"
#include "daemon/core/news.h"
#include "daemon/db/change_feed.h"
#include "daemon/db/mysql_source.h"

namespace rollcall {

// Hears of the tables that ContentSource::mark() reads. `tell` hears when the feed is up and, once
// for each reason, why it is not. `clock` is borrowed.
std::unique_ptr<ChangeFeed> makeBinlogFeed(const Clock& clock, DatabaseConfig config, Tell tell);

}  // namespace rollcall
