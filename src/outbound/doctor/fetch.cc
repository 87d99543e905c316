#include "outbound/doctor/fetch.h"

#include <chrono>

#include "platform/http/listener.h"
#include "platform/http_client/http_client.h"

namespace latchkey::doctor {
namespace {

constexpr std::size_t kMostBytes = 1024UL * 1024;
// Also for a homeserver that waits for this server and is told nothing.
constexpr auto kPatience = std::chrono::seconds{20};

const std::string& base_of(const Places& places, const Question& question) {
  switch (question.at) {
    case At::here:
      return places.here;
    case At::outside:
      return question.base;
    case At::homeserver:
      return places.homeserver;
    case At::name:
      return places.name;
  }
  return places.here;
}

Heard fetch(const Places& places, const Question& question) {
  const std::string& base = base_of(places, question);
  http_client::Request request;
  request.method = question.method;
  request.url = base.substr(0, base.find_last_not_of('/') + 1) + question.path;
  if (question.at == At::here) request.unix_socket = places.here_socket;
  // A proxy of the environment is none of these two's business: least of all the secret.
  request.neighbour = question.at == At::here || question.at == At::homeserver;
  if (!question.body.empty()) request.content_type = "application/json";
  request.body = question.body.reveal();
  if (question.with_secret) {
    request.authorization = "Bearer " + std::string(places.secret.reveal());
  } else if (!question.bearer.empty()) {
    request.authorization = "Bearer " + question.bearer;
  }
  request.most_bytes = kMostBytes;
  request.deadline = std::chrono::steady_clock::now() + kPatience;
  const auto answer = http_client::send(request);
  const Time now = SystemClock().now();
  if (!answer) return {.fault = answer.error().sentence, .kind = answer.error().kind, .at = now};
  return {.status = answer->status, .body = answer->body, .date = answer->date, .at = now};
}

}  // namespace

void set_here(Places& places, const std::string& listen) {
  const http::LocalAddress local = http::local_address(listen);
  places.here_socket = local.unix_path;
  places.here =
      local.unix_path.empty() ? "http://" + local.host_and_port + "/" : "http://latchkey/";
}

Ask asker(const Places& places) {
  return [&places](const Question& question) { return fetch(places, question); };
}

}  // namespace latchkey::doctor
