#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "domain/administration/administration.h"
#include "domain/ends/replay.h"
#include "platform/text/json.h"

// What the commands of several subjects say.
namespace latchkey::admin {

// Why an operation was refused, in a sentence for an operator.
std::string sentence_of(const administration::AdminRefused& refused);

// What a token is worth, in a word.
std::string_view standing_name(sessions::Worth worth);

std::string say_done(const boost::json::object& answer);
// "Softly ended 3 sessions."
std::string say_ended(const boost::json::object& answer);

// What a replay of the journal of ends did, or would do.
boost::json::object describe(const ends::ReplayReport& report);
std::string say_replayed(const boost::json::object& answer);

using text::text_of;

// Lines without the last line break.
std::string without_last_break(std::string lines);

}  // namespace latchkey::admin
