"""A healthy day of a hub with three sites as series of Prometheus, and what each fault makes of it.

Values are in promtool's own notation ("0+1x60": 61 samples, each one more than the one before; "_x5": five missing). Time begins at 0:
a day that is healthy has its key made then, and its ages are counted from there.
"""
import dataclasses

DAY = 1440
HUB = 'instance="tokyo"'


def steady(value, minutes=DAY):
    return f'{value}x{minutes}'


def from_minute(minute, before, after):
    """`before` until that minute, then `after`: both values, or series that begin anew."""
    return f'{before}x{minute - 1} {after}x{DAY - minute}'


def grows(each_minute, start=0):
    return f'{start}+{each_minute}x{DAY}'


def bursts(minute, amount, start=0):
    """Grows by that amount within one minute, and not before or after."""
    return from_minute(minute, start, start + amount)


CLOCK = f'0+60x{DAY}'  # the time of evaluation, in seconds


def of_hub(name, labels=''):
    return f'{name}{{{HUB}{labels}}}'


def of_site(name, site='birl', labels=''):
    return f'{name}{{{HUB},site="{site}"{labels}}}'


def healthy():
    series = {'up{job="tsmtp",instance="tokyo"}': steady(1)}
    for name, value in {'start_time_seconds': 0, 'draining': 0, 'config_reload_failed': 0, 'endpoints_held': 1, 'shortages_total': 0,
                        'mail_memory_bytes': 2_000_000, 'mail_memory_limit_bytes': 268_435_456, 'ledger_writable': 1, 'witness': 1,
                        'audit_records_lost_total': 0, 'log_lines_lost_total': 0, 'key_awaited_sites': 0, 'key_made_time_seconds': 0, 'key_not_rotated': 0,
                        'keys_refused_total': 3, 'strangers_driven_out_total': 0, 'mta_away_sites': 0, 'older_sites': 0, 'etcd_answers': 1,
                        'doubts_shared': 1, 'mails_without_etcd_total': 0, 'mails_alone_total': 0, 'possible_duplicates_total': 0}.items():
        series[of_hub(f'tsmtp_{name}')] = steady(value)
    series[of_hub('tsmtp_clock_timestamp_seconds')] = CLOCK
    # A session is turned away now and then, and some mails come faster than they may.
    series[of_hub('tsmtp_sessions_refused_total')] = f'0+0x600 0+1x5 5x{DAY - 607}'
    for direction in ('out', 'in'):
        series[of_hub('tsmtp_rate_refusals_total', f',direction="{direction}"')] = bursts(700, 12)
        for part in ('total', 'near_mta', 'ledger', 'link', 'far_mta'):
            if (direction, part) == ('in', 'near_mta'):
                continue
            for bound, rate in (('0.005', 1), ('0.5', 20), ('10.0', 30), ('60.0', 30), ('300.0', 30), ('+Inf', 30)):
                labels = f',direction="{direction}",part="{part}",le="{bound}"'
                series[of_hub('tsmtp_mail_delay_seconds_bucket', labels)] = grows(rate)
    # A mail is always under way, and never for long: the oldest one is two minutes old.
    series[of_hub('tsmtp_oldest_mail_under_way_timestamp_seconds')] = f'-120+60x{DAY}'
    for site in ('birl', 'osaka', 'paris'):
        series.update(healthy_site(site))
    # One link is lost at night and is back two minutes later, and leaves a doubt that is settled within an hour.
    series[of_site('tsmtp_link_up', 'osaka')] = f'1x200 0x1 1x{DAY - 203}'
    series[of_site('tsmtp_link_since_seconds', 'osaka')] = f'0x200 12060x1 12180x{DAY - 203}'
    series[of_site('tsmtp_links_up_total', 'osaka')] = f'1x202 2x{DAY - 203}'
    series[of_site('tsmtp_oldest_doubt_timestamp_seconds', 'osaka')] = f'_x201 12060x40 _x{DAY - 242}'
    return series


def healthy_site(site):
    series = {}
    for name, value in {'link_up': 1, 'link_since_seconds': 0, 'site_revoked': 0, 'links_up_total': 1, 'mta_connections_waiting': 0,
                        'streams_refused_total': 0}.items():
        series[of_site(f'tsmtp_{name}', site)] = steady(value)
    for hub in ('mail1', 'mail2'):
        series[of_site('tsmtp_hub_link_up', site, f',hub="{hub}"')] = steady(1)
        series[of_site('tsmtp_hub_takes_mail', site, f',hub="{hub}"')] = steady(1)
    series[of_site('tsmtp_service_answers', site, ',service="pop3"')] = steady(1)
    series[of_site('tsmtp_service_since_seconds', site, ',service="pop3"')] = steady(0)
    series[of_site('tsmtp_forward_open', site, ',service="imap"')] = steady(1)
    series[of_site('tsmtp_forward_since_seconds', site, ',service="imap"')] = steady(0)
    for direction in ('out', 'in'):
        for result, rate in (('ok', 10), ('refused', 1), ('deferred', 1)):
            series[of_site('tsmtp_mails_total', site, f',direction="{direction}",result="{result}"')] = grows(rate)
    return series


HEALTHY = healthy()


@dataclasses.dataclass
class Fault:
    name: str
    series: dict
    alerts: tuple
    times: dict = dataclasses.field(default_factory=dict)  # how many of an alert, where that is not one


def fault(name, series, *alerts, **times):
    return Fault(name, series, alerts, times)


NO_FAULT = fault('a healthy day', {})

BOUNDS = ('0.005', '0.5', '10.0', '60.0', '300.0', '+Inf')
T0 = 600  # the minute of the fault
AT = T0 * 60


def mails(direction, result, values, site='birl'):
    return {of_site('tsmtp_mails_total', site, f',direction="{direction}",result="{result}"'): values}


FAULTS = [
    fault('relayd is gone', {'up{job="tsmtp",instance="tokyo"}': from_minute(T0, 1, 0)}, 'TsmtpHubGone'),
    fault('relayd dies again and again', {of_hub('tsmtp_start_time_seconds'): f'0x599 36000+300x10 39000x{DAY - 611}'}, 'TsmtpRestarts'),
    fault('a drain does not end', {of_hub('tsmtp_draining'): from_minute(T0, 0, 1)}, 'TsmtpDraining'),
    fault('a reload fails', {of_hub('tsmtp_config_reload_failed'): from_minute(T0, 0, 1)}, 'TsmtpReloadFailed'),
    fault('the holder of the endpoints is gone', {of_hub('tsmtp_endpoints_held'): from_minute(T0, 1, 0)}, 'TsmtpEndpointsNotHeld'),
    fault('the clock jumps', {of_hub('tsmtp_clock_timestamp_seconds'): f'0+60x599 43200+60x{DAY - 600}'}, 'TsmtpClockWrong'),
    fault('descriptors run out', {of_hub('tsmtp_shortages_total'): bursts(T0, 4)}, 'TsmtpShortOfDescriptors'),
    fault('memory for mails is full', {of_hub('tsmtp_mail_memory_bytes'): from_minute(T0, 2_000_000, 260_000_000)}, 'TsmtpMailMemoryFull'),
    fault("the ledger's disk is full", {of_hub('tsmtp_ledger_writable'): from_minute(T0, 1, 0)}, 'TsmtpLedgerNotWritable'),
    fault('the witness cannot be started', {of_hub('tsmtp_witness'): from_minute(T0, 1, 0)}, 'TsmtpNoWitness'),
    fault('the audit record cannot follow its rotation',
          {of_hub('tsmtp_audit_trouble_timestamp_seconds'): f'_x{T0} {AT}x{DAY - T0}'}, 'TsmtpAuditTrouble'),
    fault('audit records are lost', {of_hub('tsmtp_audit_records_lost_total'): bursts(T0, 7)}, 'TsmtpAuditRecordsLost'),
    fault("the log's reader stops", {of_hub('tsmtp_log_lines_lost_total'): bursts(T0, 300)}, 'TsmtpLogLinesLost'),
    fault('a site does not learn the new key', {of_hub('tsmtp_key_awaited_sites'): steady(1),
                                                of_hub('tsmtp_key_made_time_seconds'): steady(-8 * 86400)}, 'TsmtpRotationStuck'),
    fault('the key cannot be replaced', {of_hub('tsmtp_key_not_rotated'): from_minute(T0, 0, 1)}, 'TsmtpKeyNotRotated'),
    fault('the key is old', {of_hub('tsmtp_key_made_time_seconds'): steady(-401 * 86400)}, 'TsmtpKeyOld'),
    fault('a key that nobody has dials in', {of_hub('tsmtp_keys_refused_total'): bursts(T0, 40, 3)}, 'TsmtpUnknownKeys'),
    fault('strangers crowd the link port', {of_hub('tsmtp_strangers_driven_out_total'): bursts(T0, 5000)}, 'TsmtpStrangersDrivenOut'),
    fault('our MTA opens too many sessions', {of_hub('tsmtp_sessions_refused_total'): bursts(T0, 300)}, 'TsmtpSessionsRefused'),
    fault('our MTA is away', {of_hub('tsmtp_mta_away_sites'): from_minute(T0, 0, 3)}, 'TsmtpMtaAway'),
    fault('a site runs an older relayd', {of_hub('tsmtp_older_sites'): steady(1)}, 'TsmtpOlderSite'),
    fault('the link is down', {of_site('tsmtp_link_up'): from_minute(T0, 1, 0),
                               of_site('tsmtp_link_since_seconds'): from_minute(T0, 0, AT),
                               **{of_site('tsmtp_hub_link_up', labels=f',hub="{hub}"'): from_minute(T0, 1, 0) for hub in ('mail1', 'mail2')},
                               **{of_site('tsmtp_hub_takes_mail', labels=f',hub="{hub}"'): from_minute(T0, 1, 0) for hub in ('mail1', 'mail2')}},
          'TsmtpLinkDown'),
    fault('the network between is bad', {of_site('tsmtp_links_up_total'): f'1x599 1+1x30 31x{DAY - 631}'}, 'TsmtpLinkFlapping'),
    fault('the line swallows everything', {of_site('tsmtp_link_still_timestamp_seconds'): f'_x{T0} {AT}x30 _x{DAY - T0 - 31}'},
          'TsmtpLinkStandsStill'),
    fault('the far MTA is away', {of_site('tsmtp_hub_takes_mail', labels=f',hub="{hub}"'): from_minute(T0, 1, 0) for hub in ('mail1', 'mail2')},
          'TsmtpFarMtaAway'),
    fault('one hub of a site is away', {of_site('tsmtp_hub_link_up', labels=',hub="mail2"'): from_minute(T0, 1, 0),
                                        of_site('tsmtp_hub_takes_mail', labels=',hub="mail2"'): from_minute(T0, 1, 0)}, 'TsmtpHubOfSiteAway'),
    fault('a site is revoked', {of_site('tsmtp_site_revoked'): from_minute(T0, 0, 1), of_site('tsmtp_link_up'): from_minute(T0, 1, 0),
                                of_site('tsmtp_link_since_seconds'): from_minute(T0, 0, AT),
                                **{of_site('tsmtp_hub_link_up', labels=f',hub="{hub}"'): from_minute(T0, 1, 0) for hub in ('mail1', 'mail2')}},
          'TsmtpSiteRevoked'),
    fault('a doubt is old', {of_site('tsmtp_oldest_doubt_timestamp_seconds'): f'_x{T0} {AT}x{DAY - T0}'}, 'TsmtpOldDoubt'),
    fault('a mail is stuck', {of_hub('tsmtp_oldest_mail_under_way_timestamp_seconds'): f'-120+60x{T0} {AT}x60 4000+60x{DAY - T0 - 62}'},
          'TsmtpMailStuck'),
    fault('all mails are put off', {**mails('out', 'ok', f'0+10x{T0} {10 * T0}x{DAY - T0 - 1}'), **mails('out', 'deferred', f'0+1x{T0} {T0}+10x{DAY - T0 - 1}')},
          'TsmtpMailsPutOff'),
    fault('a policy refuses nearly all mails', {**mails('in', 'ok', f'0+10x{T0} {10 * T0}+1x{DAY - T0 - 1}'),
                                                **mails('in', 'refused', f'0+1x{T0} {T0}+20x{DAY - T0 - 1}')}, 'TsmtpMailsRefused'),
    fault('the far side takes minutes', {of_hub('tsmtp_mail_delay_seconds_bucket', f',direction="out",part="far_mta",le="{bound}"'): values
                                         for bound, values in [(bound, grows(1)) for bound in BOUNDS[:4]] + [(bound, grows(30)) for bound in BOUNDS[4:]]},
          'TsmtpSlow'),
    fault('our MTA takes too few connections', {of_site('tsmtp_mta_connections_waiting'): from_minute(T0, 0, 6)}, 'TsmtpMtaConnectionsShort'),
    fault('mails come faster than the rates allow', {of_hub('tsmtp_rate_refusals_total', ',direction="in"'): bursts(T0, 400)}, 'TsmtpRateLimit'),
    fault('a peer goes beyond its limit', {of_site('tsmtp_streams_refused_total'): bursts(T0, 30)}, 'TsmtpStreamsRefused'),
    fault('a service is down', {of_site('tsmtp_service_answers', labels=',service="pop3"'): from_minute(T0, 1, 0),
                                of_site('tsmtp_service_since_seconds', labels=',service="pop3"'): from_minute(T0, 0, AT)}, 'TsmtpServiceDown'),
    fault('a forward is closed', {of_site('tsmtp_forward_open', labels=',service="imap"'): from_minute(T0, 1, 0),
                                  of_site('tsmtp_forward_since_seconds', labels=',service="imap"'): from_minute(T0, 0, AT)}, 'TsmtpForwardClosed'),
    fault('etcd is away', {of_hub('tsmtp_etcd_answers'): from_minute(T0, 1, 0), of_hub('tsmtp_doubts_shared'): from_minute(T0, 1, 0)}, 'TsmtpEtcdAway'),
    fault('doubts are not shared', {of_hub('tsmtp_doubts_shared'): from_minute(T0, 1, 0)}, 'TsmtpDoubtsNotShared'),
    fault('the hub goes on alone', {of_hub('tsmtp_mails_alone_total'): bursts(T0, 9)}, 'TsmtpHubAlone'),
    fault('a hub of our site is lost with a mail', {of_hub('tsmtp_oldest_waiting_claim_timestamp_seconds'): f'_x{T0} {AT}x{DAY - T0}'},
          'TsmtpMailWaitsForHub'),
    fault('a mail of a lost hub is delivered anew', {of_hub('tsmtp_possible_duplicates_total'): bursts(T0, 1)}, 'TsmtpPossibleDuplicates'),
]
