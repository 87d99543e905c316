#include "app/command_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "platform/db/engines_testing.h"
#include "platform/error_testing.h"

namespace latchkey::app {
namespace {

// A Unix socket at which somebody says that sentence, whatever they are told, and leaves.
class Listener {
 public:
  Listener(const std::string& path, std::string_view sentence)
      : socket_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    if (path.size() >= sizeof name.sun_path) throw std::runtime_error("a long path");
    std::ranges::copy(path, name.sun_path);
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
        listen(socket_, 1) != 0) {
      throw std::runtime_error("no socket");
    }
    thread_ = std::jthread([this, sentence = std::string(sentence)] {
      const int client = accept(socket_, nullptr, nullptr);
      std::string heard;  // a request, whose body is an object
      std::array<char, 4096> part{};
      while (!heard.ends_with('}')) {
        const auto size = read(client, part.data(), part.size());
        if (size <= 0) break;
        heard.append(part.data(), static_cast<std::size_t>(size));
      }
      taken_ = heard.ends_with('}');
      const auto said = write(client, sentence.data(), sentence.size());
      EXPECT_EQ(said, static_cast<ssize_t>(sentence.size()));
      close(client);
    });
  }
  ~Listener() {
    thread_.join();
    close(socket_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  bool taken() const { return taken_; }

 private:
  int socket_;
  std::atomic<bool> taken_{false};
  std::jthread thread_;
};

class CommandClient : public testing::Test {
 protected:
  std::optional<admin::Answer> ask() const { return run_in_server(path_, "user lock", {}); }

  const db::TestDatabase folder_{db::Dialect::sqlite};
  const std::string path_ = (folder_.file().parent_path() / "socket").string();
};

TEST_F(CommandClient, WhereNoServerListensItIsSaidThatNobodyDid) { EXPECT_FALSE(ask()); }

// It may have been carried out: nobody does it a second time beside the server.
TEST_F(CommandClient, WhatAServerTookAndDidNotAnswerIsNotDoneOnceMore) {
  const Listener server(path_, "");
  const auto answer = ask();
  EXPECT_TRUE(server.taken());
  ASSERT_TRUE(answer);
  EXPECT_THAT(error_of(*answer), testing::HasSubstr("did not answer"));
}

TEST_F(CommandClient, WhatIsNoAnswerIsNone) {
  for (const std::string_view body : {"x", "[]", "{}"}) {
    const Listener server(path_, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    const auto answer = ask();
    ASSERT_TRUE(answer);
    EXPECT_THAT(error_of(*answer), testing::HasSubstr("cannot be read")) << body;
    std::filesystem::remove(path_);
  }
}

}  // namespace
}  // namespace latchkey::app
