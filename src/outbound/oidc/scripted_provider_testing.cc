#include "outbound/oidc/scripted_provider_testing.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>
#include <utility>

#include "platform/crypto/hash.h"
#include "platform/http/form.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"

namespace latchkey::outbound::oidc::testing {
namespace {

namespace json = boost::json;

bool readable(int socket, const std::stop_token& stop) {
  pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
  while (!stop.stop_requested()) {
    if (poll(&one, 1, 5) > 0) return true;
  }
  return false;
}

int listen_at(int port) {
  const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listening, 16) != 0) {
    throw std::runtime_error("no port to listen on");
  }
  return listening;
}

int port_of(int listening) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::string header(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == head.npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

std::map<std::string, std::string> fields_of(std::string_view text) {
  std::map<std::string, std::string> fields;
  const auto form = http::Form::parse(text);
  for (const auto& [name, value] : form.value().fields()) fields[name] = value;
  return fields;
}

ScriptedServer::ScriptedServer(std::function<Said(const Asked&)> script)
    : script_(std::move(script)) {
  up();
}

std::string ScriptedServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void ScriptedServer::down() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void ScriptedServer::up() {
  const int listening = listen_at(port_);
  port_ = port_of(listening);
  thread_ =
      std::jthread([this, listening](const std::stop_token& stop) { serve(stop, listening); });
}

void ScriptedServer::serve(const std::stop_token& stop, int listening) const {
  while (readable(listening, stop)) {
    const int socket = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    answer(stop, socket);
    close(socket);
  }
  close(listening);
}

void ScriptedServer::answer(const std::stop_token& stop, int socket) const {
  std::string read;
  std::size_t body = 0;
  const auto whole = [&] {
    const std::size_t end = read.find("\r\n\r\n");
    if (end == read.npos) return false;
    body = end + 4;
    const std::string length = header(read.substr(0, end + 2), "Content-Length");
    return read.size() >= body + (length.empty() ? 0 : std::stoul(length));
  };
  while (!whole() && readable(socket, stop)) {
    std::array<char, 16384> buffer{};
    const ssize_t got = recv(socket, buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    read.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const std::size_t first = read.find(' ');
  const std::size_t second = read.find(' ', first + 1);
  if (second == read.npos) return;
  const Said said = script_({.method = read.substr(0, first),
                             .path = read.substr(first + 1, second - first - 1),
                             .authorization = header(read.substr(0, body), "Authorization"),
                             .body = read.substr(body)});
  if (said.hang) {
    readable(socket, stop);  // its end
    return;
  }
  const std::string answer =
      "HTTP/1.1 " + std::to_string(said.status) + " Said\r\nContent-Type: " + said.type + "\r\n" +
      said.header + "Connection: close\r\nContent-Length: " + std::to_string(said.body.size()) +
      "\r\n\r\n" + said.body;
  std::size_t sent = 0;
  while (sent < answer.size()) {
    const ssize_t more = send(socket, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) return;
    sent += static_cast<std::size_t>(more);
  }
}

ScriptedProvider::ScriptedProvider(const Clock& clock)
    : signing_key(jose::Key::generate(jose::Algorithm::es256)),
      clock_(clock),
      server([this](const Asked& asked) { return answer(asked); }) {
  sign = [this](const json::object& claims) { return jose::sign(signing_key, claims, "JWT"); };
  keys = {signing_key.public_jwk()};
  metadata = {{"issuer", issuer()},
              {"authorization_endpoint", server.url("/authorize")},
              {"token_endpoint", server.url("/token")},
              {"userinfo_endpoint", server.url("/userinfo")},
              {"jwks_uri", server.url("/keys")},
              {"end_session_endpoint", server.url("/end")}};
}

json::object ScriptedProvider::claims() const {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch();
  return {{"iss", issuer()},          {"sub", "s1"},        {"aud", "latchkey"},
          {"exp", now.count() + 300}, {"iat", now.count()}, {"nonce", nonce}};
}

int ScriptedProvider::count(std::string_view path) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int>(std::ranges::count(asked_, path, &Asked::path));
}

Asked ScriptedProvider::last(std::string_view path) const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(asked_.rbegin(), asked_.rend(),
                                  [&](const Asked& asked) { return asked.path == path; });
  return found == asked_.rend() ? Asked{} : *found;
}

void ScriptedProvider::rotate() {
  signing_key = jose::Key::generate(jose::Algorithm::es256);
  keys = {signing_key.public_jwk()};
}

Said ScriptedProvider::answer(const Asked& asked) {
  {
    const std::scoped_lock lock(mutex_);
    asked_.push_back(asked);
  }
  if (const auto other = instead.find(asked.path); other != instead.end()) return other->second;
  if (asked.path == "/.well-known/openid-configuration" ||
      asked.path == "/.well-known/oauth-authorization-server") {
    return {.body = json::serialize(metadata)};
  }
  if (asked.path == "/keys") {
    return {.body = json::serialize(json::object{{"keys", json::array(keys.begin(), keys.end())}})};
  }
  if (asked.path == "/token") return token(asked);
  if (asked.path == "/userinfo") {
    if (asked.authorization != "Bearer access") return {.status = 403};  // as Dex
    return {.body = json::serialize(userinfo)};
  }
  return {.status = 404};
}

Said ScriptedProvider::token(const Asked& asked) {
  const auto form = fields_of(asked.body);
  const auto verifier = form.find("code_verifier");
  const std::string seen =
      verifier == form.end() ? "" : text::encode_base64url(crypto::sha256(verifier->second));
  if (form.at("code") != "code" || seen != challenge) {
    return {.status = 400, .body = R"({"error":"invalid_grant"})"};
  }
  json::object said = claims();
  change_claims(said);
  json::object tokens{
      {"access_token", "access"}, {"token_type", "Bearer"}, {"id_token", sign(std::move(said))}};
  change_tokens(tokens);
  return {.body = json::serialize(tokens)};
}

}  // namespace latchkey::outbound::oidc::testing
