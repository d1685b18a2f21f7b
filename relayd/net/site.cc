#include "relayd/net/site.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_options.h"

namespace tsmtp::net {
namespace {

using boost::system::error_code;

// Time-outs of minutes are looked after this often.
constexpr std::chrono::seconds kSweepInterval{5};

SocketAccess socket_access(const settings::Access& access, const std::optional<Owner>& owner = {}) {
  return {.mode = access.socket_mode, .group = access.socket_group, .owner = owner};
}

MtaPool::Settings mta_settings(const settings::Site& site, const std::string& hub_name) {
  return {.target = {.address = site.deliver,
                     .source = site.address,
                     .origin = site.origin,
                     .origin_name = site.name + ".tsmtp"},
          .own_helo = hub_name,
          .use = site.mta};
}

bool contains(const Site::Endpoints& endpoints, const base::HostPort& address) {
  return std::any_of(endpoints.begin(), endpoints.end(),
                     [&](const auto& endpoint) { return endpoint->address() == address; });
}

}  // namespace

Site::Site(const SharedBySites& shared, settings::Site settings)
    : shared_(shared),
      settings_(std::move(settings)),
      pool_(shared.executor, mta_settings(settings_, shared.hub_name), shared.witness, shared.mta_neighbours,
            MtaPool::Callbacks{
                .changed = lifetime_.guard([this](const mail::FarMta& mta) { own_mta_changed(mta); }),
                .noted = lifetime_.guard(
                    [this](const std::string& text) { log(base::LogLevel::kWarning, text); })}),
      hubs_(shared, settings_, hub_callbacks(), [this](SiteHub& hub) { intakes_.go_on_without(hub); }),
      in_rate_(settings_.rates),
      intakes_(shared, settings_, hubs_,
               lifetime_.guard([this](const mail::Summary& summary) { ended(summary); })),
      deliveries_(
          shared, settings_, pool_,
          {.ended = lifetime_.guard([this](const mail::Summary& summary) { ended(summary); }),
           .trace = lifetime_.guard([this](const std::string& transaction) { return trace(transaction); })}),
      data_(shared.forwards, settings_),
      services_(shared.forwards, settings_, data_,
                [this](const forward::Offer& offer) {
                  for (const auto& hub : hubs_.all())
                    hub->offer(offer);
                }),
      forwards_(shared.forwards, settings_, data_, [this] { return ways(); }),
      succession_({.endpoints = endpoints_,
                   .hubs = hubs_,
                   .intakes = intakes_,
                   .deliveries = deliveries_,
                   .services = services_,
                   .forwards = forwards_}),
      sweep_timer_(shared.executor) {}

Site::~Site() {
  stop("closing");
  lifetime_.end();
}

// Always in the same order: what a program has been told of a service must hold for the hub that it reaches.
std::vector<Forwards::Way> Site::ways() const {
  std::vector<Forwards::Way> ways;
  for (const auto& hub : hubs_.all())
    ways.push_back({.link = hub->link(), .offers = hub->offered()});
  return ways;
}

SiteHub::Callbacks Site::hub_callbacks() {
  return {.accept_mail = lifetime_.guard(
              [this](SiteHub& hub, mux::StreamKey stream) { return accept_mail(hub, stream); }),
          .accept_forward = lifetime_.guard(
              [this](SiteHub& hub, mux::StreamKey stream) { return services_.accept(hub.link(), stream); }),
          .offers = lifetime_.guard([this] { return services_.offers(); }),
          .offered = lifetime_.guard([this] { forwards_.link_changed(); }),
          .own_mta = lifetime_.guard([this] { return pool_.mta(); }),
          .standing_changed = lifetime_.guard([this] {
            hubs_.look_after_absent();
            intakes_.accept_held();
            forwards_.link_changed();
          }),
          .complaint = lifetime_.guard([this](const SiteHub& hub, const std::string& text) {
            said_by(hub, base::LogLevel::kWarning, text);
          }),
          .relief = lifetime_.guard([this](const SiteHub& hub, const std::string& text) {
            said_by(hub, base::LogLevel::kInfo, text);
          }),
          .may_be_asked = {},
          .went = {}};
}

Site::Judged Site::judge(const keys::Shown& shown) const {
  Judged best;
  for (const auto& hub : hubs_.all()) {
    keys::Judgement one = hub->link().judge(shown);
    if (one.verdict == keys::Verdict::kAccepted) return {.judgement = std::move(one), .hub = hub.get()};
    if (one.verdict != keys::Verdict::kUnpinned) best.judgement = std::move(one);
  }
  return best;
}

void Site::keys_changed() {
  for (const auto& hub : hubs_.all())
    hub->keys_changed();
}

void Site::own_key_changed() {
  for (const auto& hub : hubs_.all())
    hub->own_key_changed();
}

void Site::Bound::add(const Bound& more) {
  endpoints.insert(endpoints.end(), more.endpoints.begin(), more.endpoints.end());
  ports.insert(ports.end(), more.ports.begin(), more.ports.end());
}

base::Result<Site::Bound> Site::bind(const settings::Site& settings, const Bound& bound, const Means& means) {
  Bound fresh;
  for (const base::HostPort& address : settings.endpoints) {
    if (contains(bound.endpoints, address)) continue;
    auto endpoint = std::make_shared<Endpoint>(means.executor, means.shortages);
    auto socket = means.held.take(address);
    const auto ok = socket.is_open() ? endpoint->take_over(address, std::move(socket))
                                     : endpoint->bind(address, socket_access(settings.access, means.owner));
    if (!ok) return base::with_context("site " + settings.name, ok.error());
    fresh.endpoints.push_back(std::move(endpoint));
  }
  auto ports = Forwards::bind(
      settings, bound.ports,
      {.executor = means.executor, .shortages = means.shortages, .owner = means.owner, .held = &means.held});
  if (!ports) return base::with_context("site " + settings.name, ports.error());
  fresh.ports = std::move(*ports);
  return base::Result<Bound>(std::move(fresh));
}

void Site::start(Bound bound) {
  start_all(std::move(bound));
  forwards_.resume();  // what was lent by a relayd that is gone
}

void Site::start_suspended(Bound bound) {
  for (const auto& endpoint : bound.endpoints)
    endpoint->suspend();
  start_all(std::move(bound));
}

void Site::start_all(Bound bound) {
  endpoints_ = std::move(bound.endpoints);
  for (const auto& endpoint : endpoints_)
    start_endpoint(endpoint);
  warn_of_congestion();
  pool_.probe();
  services_.settings_changed();
  hubs_.start();
  forwards_.settings_changed(bound.ports);
  sweep();
}

void Site::close_endpoints() {
  for (const auto& endpoint : std::exchange(endpoints_, {}))
    endpoint->stop();
  forwards_.drain();
}

void Site::give_up(const base::HostPort& address, Bound& to) {
  if (auto port = forwards_.give_up(address)) to.ports.push_back(std::move(port));
  const auto found = std::find_if(endpoints_.begin(), endpoints_.end(),
                                  [&](const auto& endpoint) { return endpoint->address() == address; });
  if (found == endpoints_.end()) return;
  to.endpoints.push_back(*found);
  endpoints_.erase(found);
}

void Site::update(settings::Site settings, const Bound& fresh) {
  const bool other_congestion = settings.link.congestion != settings_.link.congestion;
  if (settings.name != settings_.name)
    log(base::LogLevel::kInfo, "is called " + settings.name + " from now on; its key is the same");
  settings_ = std::move(settings);
  if (other_congestion) warn_of_congestion();
  std::erase_if(endpoints_, [&](const auto& endpoint) {
    const auto& wanted = settings_.endpoints;
    if (std::find(wanted.begin(), wanted.end(), endpoint->address()) != wanted.end()) return false;
    endpoint->stop();
    return true;
  });
  endpoints_.insert(endpoints_.end(), fresh.endpoints.begin(), fresh.endpoints.end());
  for (const auto& endpoint : endpoints_)
    start_endpoint(endpoint);
  hubs_.settings_changed();
  pool_.retarget(mta_settings(settings_, shared_.hub_name));
  intakes_.settings_changed();
  services_.settings_changed();
  forwards_.settings_changed(fresh.ports);
  in_rate_.set_rates(settings_.rates);
}

void Site::drain() {
  draining_ = true;
  intakes_.drain();
  services_.drain();
  forwards_.drain();
  for (const auto& hub : hubs_.all())
    hub->drain();
}

void Site::retire() {
  for (const auto& endpoint : std::exchange(endpoints_, {}))
    endpoint->stop();
  drain();
  for (const auto& hub : hubs_.all())
    hub->retire();
}

bool Site::is_committing(const std::string& transaction) const {
  return deliveries_.is_committing(transaction);
}

bool Site::is_committing() const {
  return deliveries_.is_committing();
}

std::size_t Site::in_flight() const {
  return intakes_.under_way() + deliveries_.under_way();
}

base::TimePoint Site::oldest_in_flight(base::TimePoint now) const {
  return std::min(intakes_.oldest(now), deliveries_.oldest(now));
}

bool Site::is_heard() const {
  return std::all_of(hubs_.all().begin(), hubs_.all().end(), [](const auto& hub) { return hub->is_heard(); });
}

void Site::stop(const std::string& reason) {
  for (const auto& endpoint : endpoints_)
    endpoint->stop();
  endpoints_.clear();
  intakes_.drop_held();
  for (const auto& hub : hubs_.all())
    hub->stop(reason);
  intakes_.abort();
  deliveries_.abort();
  forwards_.stop(reason);
  data_.stop(reason);
  sweep_timer_.cancel();
}

// The link works without it, so it is no error; but the administrator has asked for something else.
void Site::warn_of_congestion() const {
  if (settings_.link.congestion.empty()) return;
  if (const auto ok = check_congestion(settings_.link.congestion); !ok)
    log(base::LogLevel::kWarning, ok.error().message);
}

void Site::start_endpoint(const std::shared_ptr<Endpoint>& endpoint) {
  if (const auto ok = endpoint->change(socket_access(settings_.access)); !ok)
    log(base::LogLevel::kWarning, ok.error().message);
  endpoint->start(lifetime_.guard([this](ByteChannel::Socket socket, bool is_last) {
    if (is_last) return intakes_.turn_away(std::move(socket));
    intakes_.accept(std::move(socket));
  }));
}

StreamUser* Site::accept_mail(SiteHub& hub, mux::StreamKey stream) {
  if (draining_) return nullptr;
  return deliveries_.begin(
      hub.link(), stream,
      {.site = settings_.name,
       .hub = shared_.hub_name,
       .site_hub = hub.name_among_several(),
       .mta = settings_.deliver.to_string(),
       .rules = settings_.rules,
       .rate = &in_rate_,
       .takes_compressed = hub.link().compresses(stream),
       .takes_questions = answers_enquiries(hub.link()),
       .takes_reasons = hub.link().peer() != nullptr && hub.link().peer()->knows_reasons(),
       .takes_traces = hub.link().peer() != nullptr && hub.link().peer()->answers_traces(),
       .is_short_of_memory =
           shared_.shortages != nullptr ? &shared_.shortages->is_short_of_memory() : nullptr,
       .memory = in_memory_});
}

void Site::own_mta_changed(const mail::FarMta& mta) {
  if (!mta.reachable)
    provoked(base::Provoked::kMta, base::LogLevel::kWarning,
             "our MTA cannot be reached for mail from this site: " + mta.cause);
  else if (own_mta_was_away_)
    provoked(base::Provoked::kMta, base::LogLevel::kInfo,
             "our MTA can be reached again for mail from this site");
  own_mta_was_away_ = !mta.reachable;
  for (const auto& hub : hubs_.all())
    hub->own_mta_changed(mta);
}

std::vector<mail::TracedMail> Site::mails_under_way(const std::string& transaction) const {
  std::vector<mail::TracedMail> mails = intakes_.mails_under_way(transaction);
  for (mail::TracedMail& mail : deliveries_.mails_under_way(transaction))
    mails.push_back(std::move(mail));
  return mails;
}

// A site hears of its own mails only.
mail::Traced Site::trace(const std::string& transaction) const {
  for (const mail::TracedMail& mail : mails_under_way(transaction))
    return told(mail);
  const mail::TracedMail* const mail =
      shared_.recent == nullptr ? nullptr : shared_.recent->find(transaction);
  return mail == nullptr || mail->summary.site != settings_.name ? mail::Traced{} : told(*mail);
}

void Site::ended(const mail::Summary& summary) {
  // It is in log, record and counts already, as the transaction that delivered it.
  if (summary.repeated && summary.direction == mail::Direction::kIn)
    return shared_.log.log_provoked(
        base::Provoked::kPeer, settings_.name, base::LogLevel::kInfo,
        settings_.name + ": the outcome of a mail that was delivered before was asked for, and told");
  // A mail that arrived is one of the lines that a log is for. To begin others costs nobody anything.
  if (summary.reply.is_positive() && !summary.repeated) {
    shared_.log.log(base::LogLevel::kInfo, to_line(summary));
  } else {
    shared_.log.log_provoked(base::Provoked::kFailedMail, settings_.name,
                             summary.repeated ? base::LogLevel::kInfo : base::LogLevel::kWarning,
                             to_line(summary));
  }
  // Once, not for each mail that meets the same.
  if (const auto advice = traffic_.count(summary, shared_.hub_name, settings_.name, wall_now()))
    shared_.log.log_provoked(base::Provoked::kFailedMail, settings_.name, base::LogLevel::kWarning,
                             settings_.name + ": " + base::escaped(*advice));
  if (shared_.ended) shared_.ended(summary);
}

void Site::sweep() {
  intakes_.tick();
  deliveries_.tick();
  data_.tick();  // first: a control connection is in use while its data is
  services_.tick();
  forwards_.tick();
  for (const auto& hub : hubs_.all())
    hub->tick();
  sweep_timer_.expires_after(kSweepInterval);
  sweep_timer_.async_wait(lifetime_.guard([this](const error_code& error) {
    if (!error) sweep();
  }));
}

void Site::log(base::LogLevel level, const std::string& text) const {
  shared_.log.log(level, settings_.name + ": " + text);
}

void Site::said_by(const SiteHub& hub, base::LogLevel level, const std::string& text) const {
  shared_.log.log_provoked(base::Provoked::kPeer, settings_.name, level, hub.shown_name() + ": " + text);
}

void Site::provoked(base::Provoked kind, base::LogLevel level, const std::string& text) const {
  shared_.log.log_provoked(kind, settings_.name, level, settings_.name + ": " + text);
}

}  // namespace tsmtp::net
