#include "outbound/doctor/fetch.h"

#include <chrono>
#include <string_view>

#include "platform/http_client/http_client.h"

namespace latchkey::doctor {
namespace {

constexpr std::size_t kMostBytes = 1024UL * 1024;
// Also for a homeserver that waits for this server and is told nothing.
constexpr auto kPatience = std::chrono::seconds{20};

const std::string& url_of(const Places& places, At at) {
  switch (at) {
    case At::here:
      return places.here;
    case At::outside:
      return places.outside;
    case At::homeserver:
      return places.homeserver;
    case At::name:
      return places.name;
  }
  return places.here;
}

Heard fetch(const Places& places, const Question& question) {
  const std::string& base = url_of(places, question.at);
  http_client::Request request;
  request.method = question.method;
  request.url = base.substr(0, base.find_last_not_of('/') + 1) + question.path;
  if (question.at == At::here) request.unix_socket = places.here_socket;
  // A proxy of the environment is none of these two's business: least of all the secret.
  request.neighbour = question.at == At::here || question.at == At::homeserver;
  if (!question.body.empty()) request.content_type = "application/json";
  request.body = question.body;
  if (question.with_secret) {
    request.authorization = "Bearer " + std::string(places.secret.reveal());
  } else if (!question.bearer.empty()) {
    request.authorization = "Bearer " + question.bearer;
  }
  request.most_bytes = kMostBytes;
  request.deadline = std::chrono::steady_clock::now() + kPatience;
  const auto answer = http_client::send(request);
  if (!answer) return {.fault = answer.error().sentence};
  return {.status = answer->status, .body = answer->body, .date = answer->date};
}

}  // namespace

void set_here(Places& places, const std::string& listen) {
  constexpr std::string_view kUnix = "unix:";
  if (listen.starts_with(kUnix)) {
    places.here = "http://latchkey/";
    places.here_socket = listen.substr(kUnix.size());
    return;
  }
  const auto colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host == "0.0.0.0" || host == "*" || host.empty()) host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  places.here = "http://" + host + (colon == listen.npos ? "" : listen.substr(colon)) + "/";
}

Ask asker(const Places& places) {
  return [&places](const Question& question) { return fetch(places, question); };
}

}  // namespace latchkey::doctor
