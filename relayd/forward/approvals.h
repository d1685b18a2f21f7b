// The connections that wait for a person's yes (`approve = "ask"`), and the yeses that hold for a while. It
// knows no clock, socket or program: questions and answers go in with the time, next() gives the verdicts.
// Nobody's answer is a no, and so is an answer that comes too late. Bounded, for each site and in all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/base/token_bucket.h"

namespace tsmtp::forward {

class Approvals {
 public:
  /// What a person types. Rises, and is never used again.
  using Id = std::uint32_t;

  struct Limits {
    std::size_t of_a_site = 16;
    std::size_t in_all = 512;
    double questions_per_second = 5;  ///< of each site: a person or a program is asked each time
    double questions_at_once = 50;
  };

  /// What a person is asked about.
  struct Question {
    std::string site;
    std::string service;
    std::string user;              ///< as the other hub says; empty where it does not know
    std::string client;            ///< its address there, likewise
    std::uint64_t connection = 0;  ///< its number in the records of both hubs
  };

  enum class Outcome { kGranted, kDenied, kExpired };

  struct Verdict {
    Id id = 0;
    Outcome outcome = Outcome::kExpired;
    std::string by;                          ///< of a yes: whose
    std::string cause;                       ///< of a no, for our log
    std::optional<base::TimePoint> until{};  ///< of a yes that was given before it was asked for: its end
  };

  struct Waiting {
    Id id = 0;
    Question question;
    base::TimePoint asked;
    base::TimePoint until;
  };

  /// A yes to all connections of a site to a service.
  struct Standing {
    Id id = 0;
    std::string site;
    std::string service;
    std::string by;
    base::TimePoint until;
  };

  explicit Approvals(Limits limits) : limits_(limits) {}

  /// The connection waits until `now` + `patience` at most. Its verdict comes from next(), at once where a
  /// yes stands. The error says that too many wait, or that the site asks too
  /// often.
  [[nodiscard]] base::Result<Id> ask(Question question, base::Duration patience, base::TimePoint now);

  /// A yes to what waits under `id`; `by`: whose. With `lasting` it holds for all connections of that site to
  /// that service, those that wait too, until `now` + `lasting`.
  [[nodiscard]] base::Result<Question> approve(Id id, std::string_view by, base::TimePoint now,
                                               std::optional<base::Duration> lasting = {});
  /// A no to what waits under `id`. A yes that stands under it is taken back; true then.
  [[nodiscard]] base::Result<bool> deny(Id id, std::string_view cause, base::TimePoint now);

  /// The connection is gone: no verdict any more.
  void withdraw(Id id);
  /// The service is not what it was when a yes was given.
  void take_back(std::string_view site, std::string_view service);
  void tick(base::TimePoint now);
  /// When tick() has something to do.
  [[nodiscard]] std::optional<base::TimePoint> deadline() const;
  /// The verdicts, each once.
  [[nodiscard]] std::optional<Verdict> next();

  [[nodiscard]] bool is_waiting(Id id) const { return waiting_.contains(id); }
  [[nodiscard]] std::vector<Waiting> waiting() const;
  [[nodiscard]] std::vector<Standing> standing() const;
  [[nodiscard]] std::size_t waiting_for(std::string_view site, std::string_view service) const;

 private:
  using Service = std::pair<std::string, std::string>;  // the site's name, the service's
  [[nodiscard]] base::Result<void> admit(const std::string& site, base::TimePoint now);
  [[nodiscard]] std::size_t waiting_of(const std::string& site) const;

  Limits limits_;
  Id last_ = 0;
  std::map<std::string, base::TokenBucket> rates_;  // by site
  std::map<Id, Waiting> waiting_;
  std::map<Service, Standing> standing_;
  std::deque<Verdict> verdicts_;
};

}  // namespace tsmtp::forward
