#pragma once

#include <string>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/bounds.h"
#include "platform/config/types.h"
#include "platform/time.h"

namespace latchkey::outbound {

// Where a CAS server is, and what it speaks (`kind: cas`), beside what every provider has.
struct CasOptions {
  enum class Version { v2, v3 };

  std::string url;
  Version version = Version::v3;
  Duration timeout = std::chrono::seconds{10};
  config::Path ca_file;

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("url", url, "Where the CAS server is: what stands before /login.", config::required,
          config::Example{"https://cas.example.org/cas"});
    visit("version", version, "The protocol: 2 | 3. Only 3 has attributes by right.",
          config::Choices<Version>{{"2", Version::v2}, {"3", Version::v3}});
    visit("timeout", timeout, "How long the server has to say whose a ticket is.",
          config::Between{100ms, 1min});
    visit("ca_file", ca_file,
          "Certificates (PEM) by which it is known, instead of those of this machine.");
  }

  std::vector<std::string> problems() const;
};

}  // namespace latchkey::outbound
