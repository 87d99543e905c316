#include "outbound/logout/logout_sender.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::outbound {
namespace {

using namespace std::chrono_literals;
using Outcome = outbox::Delivery::Outcome;

// OpenID Connect Back-Channel Logout 1.0 section 2.8.
TEST(LogoutSender, TakesA400ForTheLastWordAndNothingElse) {
  const auto outcome = [](int status) {
    return delivery_of(
               http_client::Answer{.status = status, .body = {}, .retry_after = {}, .date = {}})
        .outcome;
  };
  for (const int status : {200, 202, 204}) EXPECT_EQ(outcome(status), Outcome::delivered) << status;
  EXPECT_EQ(outcome(400), Outcome::refused);
  for (const int status : {301, 307, 401, 403, 404, 405, 410, 429, 500, 501, 502, 503}) {
    EXPECT_EQ(outcome(status), Outcome::failed) << status;
  }
  EXPECT_EQ(delivery_of(std::unexpected(http_client::Failure{})).outcome, Outcome::failed);
}

TEST(LogoutSender, ComesBackWhenTheClientSays) {
  const auto delivery =
      delivery_of(http_client::Answer{.status = 503, .body = {}, .retry_after = 90s, .date = {}});
  EXPECT_EQ(delivery.after, Duration{90s});
  EXPECT_EQ(delivery.why, "the client answered 503");
}

// A port at which connections are taken and nothing is ever said.
class Silent {
 public:
  Silent() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, plain, size), 0);
    EXPECT_EQ(listen(socket_, 16), 0);
    EXPECT_EQ(getsockname(socket_, plain, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Silent() { close(socket_); }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/out"; }
  // How many connections were made and not counted before.
  int connections() const {
    int count = 0;
    for (int one = -1; (one = accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0; ++count) {
      close(one);
    }
    return count;
  }

 private:
  const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int port_ = 0;
};

class SendingLogouts : public sessions::testing::OnEachEngine {
 protected:
  static clients::Client client(const std::string& id, const std::string& uri) {
    clients::Client one;
    one.id = id;
    one.backchannel_logout_uri = uri;
    return one;
  }
  outbox::Delivery deliver(const std::string& client) {
    const outbox::AttemptLimits limits{.deadline = std::chrono::steady_clock::now() + 2s,
                                       .stop = {}};
    outbox::Item item;
    item.destination = client;
    item.user = UserId{1};
    item.payload = "0000000000009";
    return sender_.deliver(item, limits);
  }

  const Silent silent_;
  const Silent other_;
  const std::vector<clients::Client> clients_ = {
      client("silent", silent_.url()), client("other", other_.url()), client("untold", "")};
  oauth::SigningKeys keys_{server_.ground(), *server_};
  const std::shared_ptr<const oauth::SigningKeySet> made_ = keys_.current_now();  // takes a while
  LogoutSender sender_{{.clients = clients_,
                        .keys = keys_,
                        .clock = server_.clock,
                        .issuer = "https://account.example.com/"}};
};

INSTANTIATE_TEST_SUITE_P(Engines, SendingLogouts, db::engines(), db::engine_name);

// Its lanes are many, one for each person; the threads are few.
TEST_P(SendingLogouts, LeaveAClientThatDoesNotAnswerAloneForAWhile) {
  EXPECT_EQ(deliver("silent").outcome, Outcome::failed);
  EXPECT_EQ(silent_.connections(), 1);
  const auto again = deliver("silent");
  EXPECT_EQ(again.outcome, Outcome::failed);
  EXPECT_EQ(again.why, "the client did not answer a moment ago");
  EXPECT_EQ(silent_.connections(), 0);
  EXPECT_EQ(deliver("other").outcome, Outcome::failed);
  EXPECT_EQ(other_.connections(), 1) << "another one is asked";
}

TEST_P(SendingLogouts, AreDroppedWhenNobodyIsToBeTold) {
  EXPECT_EQ(deliver("untold").outcome, Outcome::refused);
  EXPECT_EQ(deliver("gone from the file").outcome, Outcome::refused);
}

}  // namespace
}  // namespace latchkey::outbound
