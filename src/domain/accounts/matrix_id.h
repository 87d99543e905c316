#pragma once

#include <optional>
#include <string>
#include <string_view>

// User identifiers (spec appendices, "User Identifiers").
namespace latchkey::accounts {

// Whether `localpart` may be given to a person: a-z, 0-9 and ._=-/+, and no longer than fits in 255
// bytes with "@", ":" and the server name.
bool valid_localpart(std::string_view localpart, std::string_view server_name);

// Whether an application service's user may have it: as the IDs of old, any printable ASCII except
// the colon and the space ("Historical User IDs"). Bridges write the names of other networks into
// theirs, capitals and brackets included.
bool valid_historical_localpart(std::string_view localpart, std::string_view server_name);

std::string matrix_id(std::string_view localpart, std::string_view server_name);

// The localpart of "irc_Nick" or "@irc_Nick:server", to the letter: for the homeserver behind,
// @irc_Nick is not @irc_nick. Absent when the ID is another server's or no user can have it.
std::optional<std::string> exact_localpart(std::string_view user, std::string_view server_name);

// The localpart that a person means who types "alice", "Alice" or "@alice:server" at sign-in.
// Absent when the ID is another server's or no localpart could look like that.
std::optional<std::string> localpart_meant(std::string_view user, std::string_view server_name);

// The name that a person means who chooses it for a new account: without white space around it, and
// in lower case, for "Alice" and "alice" are one name at sign-in.
std::string new_localpart_meant(std::string_view typed);

// Whether `name` is a server name (spec appendices, "Server Name") as an operator may configure.
bool valid_server_name(std::string_view name);

// The host of a server name: it without its port, an IPv6 address with its brackets.
std::string_view host_of_server_name(std::string_view name);

}  // namespace latchkey::accounts
