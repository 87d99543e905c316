#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "app/config.h"

namespace latchkey::app {

// latchkey restore: puts a backup in the place of the database, marks what it lacks, ends again
// what a journal of ends says, and tells all of it. Throws what is refused, with a sentence; then
// nothing has changed, but for a journal that turned out to be unreadable.
boost::json::object run_restore(const Config& config, const boost::json::object& arguments);

// The answer in words.
std::string say_restored(const boost::json::object& answer);

}  // namespace latchkey::app
