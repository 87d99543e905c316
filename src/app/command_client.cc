#include "app/command_client.h"

#include <curl/curl.h>
#include <pwd.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <memory>

namespace latchkey::app {
namespace {

namespace json = boost::json;

std::size_t append(const char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

}  // namespace

std::string who_types() {
  const char* sudo_user = std::getenv("SUDO_USER");
  if (sudo_user != nullptr && *sudo_user != '\0') return sudo_user;
  const uid_t uid = geteuid();
  const passwd* entry = getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

std::optional<admin::Answer> run_in_server(const std::string& socket_path, std::string_view name,
                                           const json::object& arguments) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  const std::string body = json::serialize(
      json::object{{"command", name}, {"arguments", arguments}, {"user", who_types()}});
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket_path.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, "http://latchkey/command");
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode result = curl_easy_perform(curl.get());
  if (result == CURLE_COULDNT_CONNECT) return std::nullopt;
  if (result != CURLE_OK) {
    return std::unexpected(std::string("the server did not answer: ") + curl_easy_strerror(result));
  }
  boost::system::error_code fault;
  const json::value value = json::parse(answer, fault);
  const auto* object = fault ? nullptr : value.if_object();
  if (object != nullptr && object->contains("answer")) {
    return object->at("answer").as_object();
  }
  if (object != nullptr && object->contains("error")) {
    return std::unexpected(std::string(object->at("error").as_string()));
  }
  return std::unexpected("the server's answer cannot be read");
}

}  // namespace latchkey::app
