#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "domain/accounts/administration.h"

// Sessions, keys and outcomes as the command line shows them: as JSON and in words.
namespace latchkey::admin {

boost::json::object describe(const accounts::Administration::Listed& listed);

std::string say_done(const boost::json::object& answer);
std::string say_created(const boost::json::object& answer);
std::string say_sessions(const boost::json::object& answer);
std::string say_ended(const boost::json::object& answer);
std::string say_gap(const boost::json::object& answer);
std::string say_keys(const boost::json::object& answer);
std::string say_backup(const boost::json::object& answer);

}  // namespace latchkey::admin
