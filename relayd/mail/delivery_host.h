// What a delivery needs from its surroundings: a connection to our MTA, the stream, the ledger, the log. net/
// implements it with the real ones, tests with a script. Nothing here calls back into the delivery before the
// delivery's own function has returned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/mail/record.h"
#include "relayd/mail/summary.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

class DeliveryHost {
 public:
  virtual ~DeliveryHost() = default;

  /// A connection to our MTA, greeted and EHLOed as `helo`; `fresh`: a new one. Answered later by
  /// Delivery::connected() or connection_failed().
  virtual void request_connection(const std::string& helo, bool fresh) = 0;
  /// The connection is not needed any more. As soon as all replies are in, another transaction may have it
  /// if it is `reusable`; else it is closed then, which tells the MTA to forget what it heard.
  virtual void release_connection(bool reusable) = 0;

  /// The end of content is about to be written to that connection; recipients with the indices `refused` get
  /// nothing. From now until record_outcome() or another end only the MTA's reply tells what became of it.
  virtual void begin_commit(const std::string& transaction, const std::vector<std::uint16_t>& refused) = 0;

  /// After begin_commit(): the site's hubs share outcomes, and none of them may say any more that it does not
  /// know the transaction. True: Delivery::claimed() follows, and the end of content is written after that.
  [[nodiscard]] virtual bool claim(const std::string& /*transaction*/) { return false; }

  virtual void write_stream(std::string_view bytes) = 0;
  virtual void consumed(std::size_t bytes) = 0;
  /// How much more is to be written to the stream before the peer reads.
  [[nodiscard]] virtual std::size_t stream_writable() const = 0;
  /// Since when the link has carried bytes of the stream; nothing while it does not.
  [[nodiscard]] virtual std::optional<base::TimePoint> carried_since() const { return base::TimePoint{}; }
  virtual void finish_stream() = 0;
  virtual void reset_stream(const std::string& cause) = 0;

  /// The ledger's outcomes (ledger/outcomes.h). record_outcome is answered later by Delivery::recorded().
  virtual void record_outcome(const std::string& transaction, const Outcome& outcome) = 0;
  /// The near side has given that transaction up, and asks what has become of it. If it has not been
  /// committed it ends, and must not begin any more. Nothing: Delivery::earlier_ended() will say.
  [[nodiscard]] virtual std::optional<Outcome> end_earlier(const Ask& question) = 0;
  virtual void forget_outcome(const std::string& transaction) = 0;
  /// end_earlier() has said that it is unknown: it must not begin any more.
  [[nodiscard]] virtual bool is_disowned(const std::string& /*transaction*/) const { return false; }

  /// What is remembered of a transaction that came from the same site.
  [[nodiscard]] virtual Traced trace(const std::string& /*transaction*/) const { return {}; }

  /// Why outcomes cannot be recorded now; nothing while they can.
  [[nodiscard]] virtual std::optional<std::string> ledger_trouble() const { return std::nullopt; }

  /// A transaction is over.
  virtual void ended(const Summary& summary) = 0;
};

}  // namespace tsmtp::mail
