// What tests of shared doubts have in common: a key of digests in memory, mails of one and of many
// recipients, and a hub that shares its doubts with others through a FakeEtcd.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relayd/base/bytes.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/net/ledger/shared_doubts.h"
#include "tests/support/fake_etcd.h"

namespace tsmtp::net {

class KeyInMemory : public DigestKeyHolder {
 public:
  explicit KeyInMemory(char byte) : key_(SharedDigestKey::kBytes, byte) {}
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] std::string key_name() const override { return "name " + base::hex(key_.substr(0, 1)); }
  [[nodiscard]] base::Result<void> adopt(const std::string& key, bool is_in_doubt) override {
    if (trouble) return base::Error{*trouble};
    key_ = key;
    kept_earlier = is_in_doubt;
    return {};
  }

  std::optional<std::string> trouble;
  std::optional<bool> kept_earlier;

 private:
  std::string key_;
};

class LinesOfLog : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

inline std::string transaction(char name) {
  return std::string(ledger::kTransactionBytes, name);
}

/// To so many recipients; another `mail` is another mail.
inline std::vector<ledger::DoubtfulRecipient> mail(char mail, std::size_t recipients = 1) {
  std::vector<ledger::DoubtfulRecipient> out;
  for (std::size_t i = 0; i < recipients; ++i) {
    std::string digest(base::kDigestBytes, mail);
    digest[0] = static_cast<char>(i / 256);
    digest[1] = static_cast<char>(i % 256);
    out.push_back({.index = static_cast<std::uint16_t>(i),
                   .mail = digest,
                   .address = std::string(base::kDigestBytes, 'a')});
  }
  return out;
}

/// A hub; the cluster's data it may have in common with others.
class SharingHub {
 public:
  explicit SharingHub(std::string name, std::shared_ptr<support::FakeEtcdData> data, char key_byte = 'k')
      : etcd(std::move(data)),
        key(key_byte),
        shared(etcd, doubts, key, {.hub = std::move(name), .prefix = "/t"}, log) {}

  /// As Intake does: "first", "before", "alone", the error's text, or "-" while there is no answer.
  std::shared_ptr<std::string> record(char name, const std::vector<ledger::DoubtfulRecipient>& recipients) {
    auto said = std::make_shared<std::string>("-");
    (void)doubts.record(transaction(name), "birl", recipients, {});
    shared.record("birl", transaction(name), recipients,
                  [said](const base::Result<SharedDoubts::Recorded>& result) {
                    *said = !result                                        ? result.error().message
                            : *result == SharedDoubts::Recorded::kFirstTry ? "first"
                            : *result == SharedDoubts::Recorded::kAlone    ? "alone"
                                                                           : "before";
                  });
    return said;
  }
  std::string recorded(char name, const std::vector<ledger::DoubtfulRecipient>& recipients) {
    const auto said = record(name, recipients);
    etcd.answer_all();
    return *said;
  }
  [[nodiscard]] std::size_t in_etcd() {
    std::size_t count = 0;
    for (const auto& [name, row] : etcd.data().rows())
      count += name.starts_with("/t/doubts/") ? 1 : 0;
    return count;
  }

  LinesOfLog log;
  support::FakeEtcd etcd;
  ledger::Doubts doubts;
  KeyInMemory key;
  SharedDoubts shared;
};

}  // namespace tsmtp::net
