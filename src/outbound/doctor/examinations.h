#pragma once

#include "outbound/doctor/doctor.h"
#include "outbound/doctor/hearing.h"

// What examine() looks at, one after another. Those that return a bool say whether what comes after
// them makes sense.
namespace latchkey::doctor {

// from_outside.cc

// /.well-known/matrix/client of the server name.
struct WellKnown {
  std::string host;       // of the server name
  bool looked_up = true;  // false: a name that only this machine knows
  Heard heard = {};
  std::string base_url = {};  // empty: none
};

bool this_server(const Facts& facts, const Ask& ask, Report& report);
WellKnown look_up(const Facts& facts, const Ask& ask);
// What Facts::matrix_url has to be.
std::string matrix_url(const Facts& facts, const Ask& ask, const WellKnown& well_known);
bool public_address(const Facts& facts, const Ask& ask, const WellKnown& well_known,
                    Report& report);
void our_routes(const Facts& facts, const Ask& ask, Report& report);
void hidden_routes(const Facts& facts, const Ask& ask, Report& report);
void well_known_file(const Facts& facts, const WellKnown& well_known, Report& report);
void forwarded_addresses(const Facts& facts, Report& report);

// synapse.cc

bool homeserver(const Facts& facts, const Ask& ask, Report& report);
void both_directions(const Facts& facts, const Ask& ask, Report& report);
void their_routes(const Facts& facts, const Ask& ask, Report& report);
void edge(const Facts& facts, const Ask& ask, Report& report);
void outbox(const Facts& facts, const Inside& inside, Report& report);
void drift(const Inside& inside, Report& report);

// session.cc

// A whole session: sign-in, use, end.
void session(const Facts& facts, const Ask& ask, const Account& account, Report& report);

}  // namespace latchkey::doctor
