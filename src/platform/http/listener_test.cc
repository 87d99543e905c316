#include "platform/http/listener.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "platform/config/folder_testing.h"
#include "platform/http/client_testing.h"
#include "platform/http/server_testing.h"

namespace latchkey::http {
namespace {

using config::TemporaryFolder;
using testing::Client;
using testing::get;
using testing::Sample;

// What start() says of an address that cannot be listened on.
std::string complaint(const std::string& address) {
  try {
    listen_at(address, 1, 0660);
    return {};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(Listener, WhereAProcessOnTheSameMachineReachesIt) {
  for (const auto& [listen, host_and_port] :
       std::initializer_list<std::pair<const char*, const char*>>{
           {"127.0.0.1:8008", "127.0.0.1:8008"},
           {"192.0.2.1:8008", "192.0.2.1:8008"},
           {"0.0.0.0:8008", "127.0.0.1:8008"},
           {"[::]:8008", "[::1]:8008"},
           {"[0::0]:8008", "[::1]:8008"},
           {"[2001:db8::1]:8008", "[2001:db8::1]:8008"}}) {
    EXPECT_EQ(local_address(listen).host_and_port, host_and_port);
    EXPECT_EQ(local_address(listen).unix_path, "");
  }
  EXPECT_EQ(local_address("unix:/run/latchkey.sock").unix_path, "/run/latchkey.sock");
  EXPECT_EQ(local_address("unix:/run/latchkey.sock").host_and_port, "");
}

TEST(Listener, WhatToWriteInsteadOfAWrongAddress) {
  struct Row {
    const char* address;
    const char* instead;
  };
  for (const auto& [address, instead] :
       std::initializer_list<Row>{{"127.0.0.1", "try '127.0.0.1:8008'"},
                                  {"8008", "try '127.0.0.1:8008'"},
                                  {":8009", "try '0.0.0.0:8009'"},
                                  {"*:8009", "try '0.0.0.0:8009'"},
                                  {"localhost", "try '127.0.0.1:8008'"},
                                  {"localhost:8009", "try '127.0.0.1:8009'"},
                                  {"::1", "try '[::1]:8008'"},
                                  {"[::1]", "try '[::1]:8008'"},
                                  {"http://127.0.0.1:8009/", "try '127.0.0.1:8009'"},
                                  {"/run/x.sock", "try 'unix:/run/x.sock'"},
                                  {"127.0.0.1:65536", "try '127.0.0.1:8008'"},
                                  {"", "try '127.0.0.1:8008'"},
                                  {"unix:", "has a path of 0 bytes"}}) {
    const auto problem = problem_of_address(address);
    ASSERT_TRUE(problem) << address;
    EXPECT_TRUE(problem->contains(instead)) << address << ": " << *problem;
  }
  for (const char* good : {"127.0.0.1:0", "[::]:8008", "unix:/run/x.sock", "0.0.0.0:80"}) {
    EXPECT_FALSE(problem_of_address(good)) << good;
  }
}

TEST(Listener, NamesTheAddressItCannotListenOn) {
  for (const std::string address :
       {"", "8008", "localhost:8008", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:-1", "::1:8008", "[::1]", "[127.0.0.1]:8008", "http://127.0.0.1:8008"}) {
    EXPECT_EQ(complaint(address),
              "cannot listen on " + address + ": write 127.0.0.1:8008, [::1]:8008 or unix:/path");
  }
  EXPECT_EQ(complaint("192.0.2.1:1"),
            "cannot listen on 192.0.2.1:1: Cannot assign requested address");
  EXPECT_EQ(complaint("unix:"), "cannot listen on unix:: the path must have 1 to 107 bytes");
  const std::string long_path = "unix:/" + std::string(200, 'a');
  EXPECT_TRUE(complaint(long_path).contains("1 to 107 bytes"));
}

TEST(Listener, DoesNotShareAPortWithAnotherServer) {
  Sample sample;
  EXPECT_TRUE(complaint("127.0.0.1:" + std::to_string(sample.server->port()))
                  .ends_with("Address already in use"));
}

TEST(Listener, ThreadsShareAPort) {
  const Listener listener = listen_at("127.0.0.1:0", 3, 0);
  EXPECT_EQ(listener.sockets.size(), 3u);
  EXPECT_NE(listener.port, 0);
}

TEST(Listener, SeveralAddresses) {
  const TemporaryFolder folder;
  ServerOptions options;
  options.listen = {"127.0.0.1:0", "unix:" + folder.path("s")};
  Sample sample(options);
  EXPECT_EQ(sample.connect().ask(get("/address"))->body, "127.0.0.1");
  Client local = Client::unix_socket(folder.path("s"));
  EXPECT_EQ(local.ask(get("/address"))->body, "unix");
}

// The lowest descriptor that is free.
rlim_t next_descriptor() {
  const int fd = ::dup(STDERR_FILENO);
  ::close(fd);
  return static_cast<rlim_t>(fd);
}

TEST(Listener, GoesOnAfterDescriptorsRanOut) {
  Sample sample;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = next_descriptor() + 1;  // enough for the client's end
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  Client client = sample.connect();
  client.send(get("/hello"));
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(client.read()->body, "hello");
}

TEST(Listener, Ipv6) {
  ServerOptions options;
  options.listen = {"[::1]:0"};
  try {
    listen_at(options.listen.front(), 1, 0);
  } catch (const std::runtime_error&) {
    GTEST_SKIP() << "no IPv6 here";
  }
  Sample sample(options);
  Client client = Client::tcp(sample.server->port(), "::1");
  EXPECT_EQ(client.ask(get("/address"))->body, "::1");
}

TEST(UnixSocket, IsServedByAllThreadsAndRemovedAtTheEnd) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  ServerOptions options;
  options.listen = {"unix:" + path};
  options.unix_mode = 0600;
  options.threads = 3;
  {
    Sample sample(options);
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(Client::unix_socket(path).ask(get("/hello"))->body, "hello");
    }
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

// A proxy that is in the socket's group, as the packaged service has it.
TEST(UnixSocket, HasItsModeWhateverTheUmask) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  const mode_t before = ::umask(0177);
  const Listener listener = listen_at("unix:" + path, 1, 0660);
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
}

TEST(UnixSocket, DrainsLikeTheOthers) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  ServerOptions options;
  options.listen = {"unix:" + path};
  Sample sample(options);
  Client idle = Client::unix_socket(path);
  Client asking = Client::unix_socket(path);
  asking.send(get("/hello"));
  sample.server->drain();
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(asking.read()->body, "hello");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(UnixSocket, ReplacesOneNobodyListensOn) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  // Closed without being removed, as after kill -9.
  listen_at("unix:" + path, 1, 0600);
  ASSERT_TRUE(std::filesystem::exists(path));
  ServerOptions options;
  options.listen = {"unix:" + path};
  Sample sample(options);
  EXPECT_EQ(Client::unix_socket(path).ask(get("/hello"))->body, "hello");
}

TEST(UnixSocket, OfItsSuccessorStaysWhenAServerEnds) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  ServerOptions options;
  options.listen = {"unix:" + path};
  auto first = std::make_unique<Sample>(options);
  std::filesystem::remove(path);
  const Sample second(options);
  first.reset();
  EXPECT_EQ(Client::unix_socket(path).ask(get("/hello"))->body, "hello");
}

TEST(UnixSocket, LeavesOthersAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  std::ofstream(path) << "a file";
  EXPECT_TRUE(complaint("unix:" + path).contains("not a socket"));
  std::filesystem::remove(path);
  ServerOptions options;
  options.listen = {"unix:" + path};
  Sample sample(options);
  EXPECT_TRUE(complaint("unix:" + path).contains("another process listens there"));
  EXPECT_EQ(Client::unix_socket(path).ask(get("/hello"))->body, "hello");
}

TEST(Proxies, AreBelievedOnlyWhenTrusted) {
  const TemporaryFolder folder;
  const std::string path = folder.path("s");
  const std::string forwarded = "X-Forwarded-For: 192.0.2.1\r\n";
  ServerOptions options;
  options.listen = {"127.0.0.1:0", "unix:" + path};
  {
    Sample sample(options);
    EXPECT_EQ(sample.connect().ask(get("/address", forwarded))->body, "127.0.0.1");
    EXPECT_EQ(Client::unix_socket(path).ask(get("/address", forwarded))->body, "unix");
  }
  options.trusted_proxies = {"127.0.0.0/8", "unix"};
  Sample sample(options);
  Client client = sample.connect();
  EXPECT_EQ(client.ask(get("/address", forwarded))->body, "192.0.2.1");
  EXPECT_EQ(client.ask(get("/address"))->body, "127.0.0.1");
  EXPECT_EQ(Client::unix_socket(path).ask(get("/address", forwarded))->body, "192.0.2.1");
}

}  // namespace
}  // namespace latchkey::http
