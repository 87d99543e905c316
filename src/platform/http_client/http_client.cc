#include "platform/http_client/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

namespace latchkey::http_client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// One that answers at all accepts within this.
constexpr milliseconds kConnecting{3000};

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;
using List = std::unique_ptr<curl_slist, FreeList>;

Handle new_handle() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  Handle handle(ready == CURLE_OK ? curl_easy_init() : nullptr);
  if (!handle) throw std::runtime_error("libcurl does not start");
  return handle;
}

// This thread's, with the connections that it has kept and nothing else of the request before.
const Handle& kept_handle() {
  thread_local const Handle handle = new_handle();
  curl_easy_reset(handle.get());
  return handle;
}

struct Reading {
  std::string body;
  std::size_t most = 0;
  bool full = false;
};

// Taking less than there is ends the transfer.
std::size_t read(const char* data, std::size_t size, std::size_t count, void* to) {
  auto& reading = *static_cast<Reading*>(to);
  const std::size_t room = reading.most - reading.body.size();
  const std::size_t taken = std::min(room, size * count);
  reading.body.append(data, taken);
  reading.full = taken < size * count;
  return taken;
}

// Called at least once a second.
int look_up(void* stop, curl_off_t /*down_total*/, curl_off_t /*down*/, curl_off_t /*up_total*/,
            curl_off_t /*up*/) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

List headers(const Request& request) {
  std::vector<std::string> lines{"Accept: " + request.accept, "Expect:"};
  if (!request.content_type.empty()) lines.push_back("Content-Type: " + request.content_type);
  if (!request.authorization.empty()) lines.push_back("Authorization: " + request.authorization);
  List list;
  for (const std::string& line : lines) {
    curl_slist* const first = curl_slist_append(list.get(), line.c_str());
    if (first == nullptr) throw std::bad_alloc();
    if (!list) list.reset(first);
  }
  return list;
}

template <class Value>
void set(const Handle& handle, CURLoption option, Value value) {
  if (curl_easy_setopt(handle.get(), option, value) != CURLE_OK) {
    throw std::runtime_error("libcurl lacks an option");
  }
}

Failure::Kind kind_of(CURLcode result) {
  switch (result) {
    case CURLE_ABORTED_BY_CALLBACK:
      return Failure::Kind::stopped;
    case CURLE_OPERATION_TIMEDOUT:
      return Failure::Kind::timed_out;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Failure::Kind::not_connected;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Failure::Kind::not_trusted;
    default:
      return Failure::Kind::broken;
  }
}

// Of its header Date; absent: it says none.
std::optional<Time> date_of(const Handle& handle) {
  curl_header* header = nullptr;
  if (curl_easy_header(handle.get(), "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return {};
  const time_t seconds = curl_getdate(header->value, nullptr);
  if (seconds <= 0) return {};
  return Time{std::chrono::duration_cast<Duration>(std::chrono::seconds{seconds})};
}

}  // namespace

std::expected<Answer, Failure> send(const Request& request) {
  const bool kept = request.neighbour || request.kept;
  const Handle own = kept ? nullptr : new_handle();
  const Handle& handle = kept ? kept_handle() : own;
  const List lines = headers(request);
  Reading reading{.body = {}, .most = request.most_bytes};
  set(handle, CURLOPT_NOSIGNAL, 1L);  // threads
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_USERAGENT, "Latchkey");
  set(handle, CURLOPT_HTTPHEADER, lines.get());
  set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method != "GET") {
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(handle, CURLOPT_POSTFIELDS, request.body.data());
  }
  set(handle, CURLOPT_WRITEFUNCTION, read);
  set(handle, CURLOPT_WRITEDATA, &reading);
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, look_up);
  set(handle, CURLOPT_XFERINFODATA, &request.stop);
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnecting.count()));
  if (!request.ca_file.empty()) {
    set(handle, CURLOPT_CAINFO, request.ca_file.c_str());
    set(handle, CURLOPT_CAPATH, nullptr);
  }
  if (!request.unix_socket.empty()) {
    set(handle, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  }
  if (request.neighbour || !request.unix_socket.empty()) set(handle, CURLOPT_NOPROXY, "*");
  if (request.deadline) {
    const auto left = std::chrono::ceil<milliseconds>(*request.deadline - Clock::now());
    if (left <= milliseconds{0}) {
      return std::unexpected(Failure{Failure::Kind::stopped, "there was no time left"});
    }
    set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  }

  const CURLcode result = curl_easy_perform(handle.get());
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (result != CURLE_OK && !reading.full) {
    return std::unexpected(Failure{kind_of(result), curl_easy_strerror(result)});
  }
  curl_off_t wait = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RETRY_AFTER, &wait);
  return Answer{.status = static_cast<int>(status),
                .body = std::move(reading.body),
                .retry_after = wait > 0 ? std::optional(std::chrono::seconds{wait}) : std::nullopt,
                .date = date_of(handle)};
}

}  // namespace latchkey::http_client
