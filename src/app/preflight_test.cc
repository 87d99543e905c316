// What serve would refuse is seen before anything is opened.
#include "app/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace latchkey::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Preflight : public testing::Test {
 protected:
  Preflight() {
    std::string name = (std::filesystem::temp_directory_path() / "preflight-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    config_.database = "sqlite://" + path("latchkey.db");
  }
  ~Preflight() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  std::filesystem::path folder_;
  Config config_;
};

TEST_F(Preflight, AFirstStartIsFine) { EXPECT_THAT(refused_by_serve(config_), IsEmpty()); }

TEST_F(Preflight, OpensAndMakesNothing) {
  refused_by_serve(config_);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(Preflight, AFolderThatIsNotThere) {
  config_.database = "sqlite://" + path("none/latchkey.db");
  config_.keys_file.value = path("latchkey.keys");
  config_.command_socket.value = path("latchkey.sock");
  EXPECT_THAT(refused_by_serve(config_),
              ElementsAre("database: the folder '" + path("none") +
                          "' is not there; make it: mkdir -p '" + path("none") + "'"));
  config_.database = "sqlite://" + path("latchkey.db");
  config_.keys_file.value = path("none/latchkey.keys");
  config_.command_socket.value = path("none/latchkey.sock");
  EXPECT_THAT(refused_by_serve(config_), ElementsAre(HasSubstr("keys_file: cannot write"),
                                                     HasSubstr("command_socket: the folder")));
  config_ = Config{};
  config_.database = "sqlite://" + path("latchkey.db");
  config_.listen = {"unix:" + path("none/http.sock")};
  config_.metrics.listen = {"unix:" + path("gone/metrics.sock")};
  EXPECT_THAT(refused_by_serve(config_), ElementsAre(HasSubstr("listen: the folder"),
                                                     HasSubstr("metrics.listen: the folder")));
}

TEST_F(Preflight, WhatIsThereAndIsSomethingElse) {
  write("latchkey.db", "certainly not a database");
  EXPECT_THAT(refused_by_serve(config_), ElementsAre(HasSubstr("is not an SQLite database")));
  std::filesystem::remove(path("latchkey.db"));
  std::filesystem::create_directory(path("latchkey.db"));
  EXPECT_THAT(refused_by_serve(config_), ElementsAre(HasSubstr("is a folder, not a file")));
  std::filesystem::remove(path("latchkey.db"));
  write("latchkey.db", "");
  EXPECT_THAT(refused_by_serve(config_), IsEmpty());
  write("latchkey.db.sock", "");
  EXPECT_THAT(refused_by_serve(config_), ElementsAre(HasSubstr("command_socket: ")));
}

TEST_F(Preflight, AKeyFileThatServeWouldRefuse) {
  const std::string keys = path("latchkey.db.keys");
  write("latchkey.db.keys", "{}");
  std::filesystem::permissions(keys, std::filesystem::perms(0644));
  EXPECT_THAT(refused_by_serve(config_), ElementsAre(HasSubstr("chmod 600")));
  std::filesystem::permissions(keys, std::filesystem::perms(0600));
  EXPECT_THAT(refused_by_serve(config_), ElementsAre(HasSubstr("is not a key file")));
}

TEST_F(Preflight, FilesThatTheConfigurationNames) {
  config_.registration.terms_file.value = path("terms.yaml");
  config_.oauth.clients_file.value = path("clients.yaml");
  config_.application_services = {{path("irc.yaml")}};
  config_.branding.logo.value = path("logo.png");
  config_.branding.favicon.value = path("favicon.png");
  write("favicon.png", "GIF89a");
  EXPECT_THAT(
      refused_by_serve(config_),
      ElementsAre(
          HasSubstr("application_services: "), HasSubstr("registration.terms_file: "),
          HasSubstr("oauth.clients_file: "),
          "branding.logo: cannot read '" + path("logo.png") + "': there is no such file",
          "branding.favicon: '" + path("favicon.png") + "' is a GIF; save it as SVG, PNG or WebP"));
}

}  // namespace
}  // namespace latchkey::app
