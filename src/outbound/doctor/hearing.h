#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "outbound/doctor/findings.h"
#include "platform/http_client/http_client.h"
#include "platform/secret.h"
#include "platform/time.h"

// What is asked in an examination, and what comes back.
namespace latchkey::doctor {

// Of the deployment. The addresses of clients have one slash at their end.
struct Facts {
  std::string server_name;
  std::string public_url;
  // Where clients find what is below /_matrix/: public_url, or what examine() is told by
  // /.well-known/matrix/client of the server name.
  std::string matrix_url = public_url;
  std::string listen;           // the first address of this server, as configured
  bool behind_synapse = false;  // homeserver.kind
  std::string endpoint;         // homeserver.endpoint
  bool trusts_a_proxy = false;  // http.trusted_proxies has entries
  Time now;
};

enum class At : std::uint8_t {
  here,        // this server itself
  outside,     // Question::base, as clients do
  homeserver,  // homeserver.endpoint
  name,        // https://server_name
};

struct Question {
  At at = At::here;
  std::string base = {};  // of At::outside: the address before the path
  std::string method = "GET";
  std::string path;
  std::string bearer = {};   // a token; empty: none
  bool with_secret = false;  // of both servers, in place of a token
  Secret body = {};          // JSON, of a POST; of a sign-in it holds the password
};

struct Heard {
  int status = 0;  // 0: nothing came back
  std::string body = {};
  std::string fault = {};                                                // why nothing came back
  http_client::Failure::Kind kind = http_client::Failure::Kind::broken;  // of the fault
  std::optional<Time> date = {};                                         // by its sender's clock
  Time at = {};                                                          // by this machine's
};

using Ask = std::function<Heard(const Question&)>;

// Each is answered without a token, and changes nothing.
struct Route {
  std::string_view method;
  std::string_view path;
};
inline constexpr Route kVersions{"GET", "/_matrix/client/versions"};

Question question(At at, const Route& route);
// At the address where clients find it.
Question from_outside(const Facts& facts, const Route& route);
Question from_outside_at(std::string_view base, const Route& route);

// Shaped like a token of ours, and made by nobody.
extern const std::string kNobodysToken;
inline constexpr std::string_view kSync = "/_matrix/client/v3/sync?timeout=0";

// Empty: it is none.
boost::json::object object_of(const Heard& heard);
std::string errcode(const Heard& heard);
bool silent(const Heard& heard);
bool same(const Heard& one, const Heard& other);
// Of kVersions.
bool of_a_matrix_server(const Heard& heard);
// What came back, for a sentence.
std::string told(const Heard& heard);

// Of an address; empty: it is none.
std::string host_of_url(std::string_view url);
// A name or an address that means this machine, wherever it is read.
bool local(std::string_view host);
// Whether clients come to another address than the one that this server listens on.
bool through_a_proxy(const Facts& facts);

// Says that the sender's clock differs from this machine's, if it does.
void compare_clocks(std::string_view whose, const Heard& heard, Report& report);

}  // namespace latchkey::doctor
