#pragma once

#include <string>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/bounds.h"
#include "platform/config/types.h"
#include "platform/time.h"

namespace latchkey::outbound {

// The options of `homeserver:`.
struct HomeserverOptions {
  enum class Kind { none, synapse };
  Kind kind = Kind::none;
  std::string endpoint;
  config::Secret secret;
  std::string administrator = "latchkey";
  Duration patience = std::chrono::seconds{10};

  bool present() const { return kind != Kind::none; }

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("kind", kind,
          "The homeserver that is told of users and devices; none: this server runs alone.",
          config::Choices<Kind>{{"none", Kind::none}, {"synapse", Kind::synapse}});
    visit("endpoint", endpoint,
          "Where this server reaches the homeserver itself, past every reverse proxy.",
          config::Example{"http://127.0.0.1:8009/"});
    visit("secret", secret,
          "What both servers prove themselves to each other with: the secret of "
          "matrix_authentication_service in Synapse's configuration. If not given, "
          "introspection.secret.",
          config::Between{16, 1024});
    visit("administrator", administrator,
          "The user in whose name this server suspends people at the homeserver. It is made there, "
          "nobody can register it, and nobody can sign in to it.",
          config::Between{1, 200});
    visit("patience", patience,
          "How long a sign-in waits for the homeserver before it is told to try again.",
          config::Between{100ms, 1min});
  }

  // Rules between these options.
  std::vector<std::string> problems() const;
};

}  // namespace latchkey::outbound
