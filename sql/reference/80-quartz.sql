-- The eleven tables of the Quartz 2.x scheduler's JDBC job store. Columns, keys and references are what Quartz expects
-- of a PostgreSQL database; its keys are composite and part of primary keys, so nothing here can be set to NULL.

CREATE TABLE public.qrtz_job_details (
    sched_name varchar(120) NOT NULL,
    job_name varchar(200) NOT NULL,
    job_group varchar(200) NOT NULL,
    description varchar(250),
    job_class_name varchar(250) NOT NULL,
    is_durable boolean NOT NULL,
    is_nonconcurrent boolean NOT NULL,
    is_update_data boolean NOT NULL,
    requests_recovery boolean NOT NULL,
    job_data bytea,
    PRIMARY KEY (sched_name, job_name, job_group)
);
COMMENT ON TABLE public.qrtz_job_details IS 'Quartz: the jobs.';
CREATE INDEX qrtz_job_details_recovery_idx ON public.qrtz_job_details (sched_name, requests_recovery);
CREATE INDEX qrtz_job_details_group_idx ON public.qrtz_job_details (sched_name, job_group);

CREATE TABLE public.qrtz_triggers (
    sched_name varchar(120) NOT NULL,
    trigger_name varchar(200) NOT NULL,
    trigger_group varchar(200) NOT NULL,
    job_name varchar(200) NOT NULL,
    job_group varchar(200) NOT NULL,
    description varchar(250),
    next_fire_time bigint,
    prev_fire_time bigint,
    priority integer,
    trigger_state varchar(16) NOT NULL,
    trigger_type varchar(8) NOT NULL,
    start_time bigint NOT NULL,
    end_time bigint,
    calendar_name varchar(200),
    misfire_instr smallint,
    job_data bytea,
    PRIMARY KEY (sched_name, trigger_name, trigger_group),
    FOREIGN KEY (sched_name, job_name, job_group)
        REFERENCES public.qrtz_job_details (sched_name, job_name, job_group)
);
COMMENT ON TABLE public.qrtz_triggers IS 'Quartz: the triggers of the jobs.';
COMMENT ON COLUMN public.qrtz_triggers.next_fire_time IS 'Milliseconds since 1970, like all times of Quartz.';
CREATE INDEX qrtz_triggers_job_idx ON public.qrtz_triggers (sched_name, job_name, job_group);
CREATE INDEX qrtz_triggers_calendar_idx ON public.qrtz_triggers (sched_name, calendar_name);
CREATE INDEX qrtz_triggers_group_state_idx ON public.qrtz_triggers (sched_name, trigger_group, trigger_state);
CREATE INDEX qrtz_triggers_next_fire_time_idx ON public.qrtz_triggers (sched_name, trigger_state, next_fire_time);
CREATE INDEX qrtz_triggers_misfire_idx
    ON public.qrtz_triggers (sched_name, misfire_instr, next_fire_time, trigger_state);

CREATE TABLE public.qrtz_simple_triggers (
    sched_name varchar(120) NOT NULL,
    trigger_name varchar(200) NOT NULL,
    trigger_group varchar(200) NOT NULL,
    repeat_count bigint NOT NULL,
    repeat_interval bigint NOT NULL,
    times_triggered bigint NOT NULL,
    PRIMARY KEY (sched_name, trigger_name, trigger_group),
    FOREIGN KEY (sched_name, trigger_name, trigger_group)
        REFERENCES public.qrtz_triggers (sched_name, trigger_name, trigger_group)
);
COMMENT ON TABLE public.qrtz_simple_triggers IS 'Quartz: triggers that repeat at an interval.';

CREATE TABLE public.qrtz_cron_triggers (
    sched_name varchar(120) NOT NULL,
    trigger_name varchar(200) NOT NULL,
    trigger_group varchar(200) NOT NULL,
    cron_expression varchar(120) NOT NULL,
    time_zone_id varchar(80),
    PRIMARY KEY (sched_name, trigger_name, trigger_group),
    FOREIGN KEY (sched_name, trigger_name, trigger_group)
        REFERENCES public.qrtz_triggers (sched_name, trigger_name, trigger_group)
);
COMMENT ON TABLE public.qrtz_cron_triggers IS 'Quartz: triggers that follow a cron expression.';

CREATE TABLE public.qrtz_simprop_triggers (
    sched_name varchar(120) NOT NULL,
    trigger_name varchar(200) NOT NULL,
    trigger_group varchar(200) NOT NULL,
    str_prop_1 varchar(512),
    str_prop_2 varchar(512),
    str_prop_3 varchar(512),
    int_prop_1 integer,
    int_prop_2 integer,
    long_prop_1 bigint,
    long_prop_2 bigint,
    dec_prop_1 numeric(13, 4),
    dec_prop_2 numeric(13, 4),
    bool_prop_1 boolean,
    bool_prop_2 boolean,
    PRIMARY KEY (sched_name, trigger_name, trigger_group),
    FOREIGN KEY (sched_name, trigger_name, trigger_group)
        REFERENCES public.qrtz_triggers (sched_name, trigger_name, trigger_group)
);
COMMENT ON TABLE public.qrtz_simprop_triggers IS 'Quartz: triggers of other kinds, by simple properties.';

CREATE TABLE public.qrtz_blob_triggers (
    sched_name varchar(120) NOT NULL,
    trigger_name varchar(200) NOT NULL,
    trigger_group varchar(200) NOT NULL,
    blob_data bytea,
    PRIMARY KEY (sched_name, trigger_name, trigger_group),
    FOREIGN KEY (sched_name, trigger_name, trigger_group)
        REFERENCES public.qrtz_triggers (sched_name, trigger_name, trigger_group)
);
COMMENT ON TABLE public.qrtz_blob_triggers IS 'Quartz: triggers kept as a serialized Java object.';

CREATE TABLE public.qrtz_calendars (
    sched_name varchar(120) NOT NULL,
    calendar_name varchar(200) NOT NULL,
    calendar bytea NOT NULL,
    PRIMARY KEY (sched_name, calendar_name)
);
COMMENT ON TABLE public.qrtz_calendars IS 'Quartz: calendars of excluded times.';

CREATE TABLE public.qrtz_paused_trigger_grps (
    sched_name varchar(120) NOT NULL,
    trigger_group varchar(200) NOT NULL,
    PRIMARY KEY (sched_name, trigger_group)
);
COMMENT ON TABLE public.qrtz_paused_trigger_grps IS 'Quartz: trigger groups that are paused.';

CREATE TABLE public.qrtz_fired_triggers (
    sched_name varchar(120) NOT NULL,
    entry_id varchar(95) NOT NULL,
    trigger_name varchar(200) NOT NULL,
    trigger_group varchar(200) NOT NULL,
    instance_name varchar(200) NOT NULL,
    fired_time bigint NOT NULL,
    sched_time bigint NOT NULL,
    priority integer NOT NULL,
    state varchar(16) NOT NULL,
    job_name varchar(200),
    job_group varchar(200),
    is_nonconcurrent boolean,
    requests_recovery boolean,
    PRIMARY KEY (sched_name, entry_id)
);
COMMENT ON TABLE public.qrtz_fired_triggers IS 'Quartz: triggers that fired and whose jobs still run.';
CREATE INDEX qrtz_fired_triggers_instance_idx
    ON public.qrtz_fired_triggers (sched_name, instance_name, requests_recovery);
CREATE INDEX qrtz_fired_triggers_job_idx ON public.qrtz_fired_triggers (sched_name, job_name, job_group);
CREATE INDEX qrtz_fired_triggers_trigger_idx
    ON public.qrtz_fired_triggers (sched_name, trigger_name, trigger_group);

CREATE TABLE public.qrtz_scheduler_state (
    sched_name varchar(120) NOT NULL,
    instance_name varchar(200) NOT NULL,
    last_checkin_time bigint NOT NULL,
    checkin_interval bigint NOT NULL,
    PRIMARY KEY (sched_name, instance_name)
);
COMMENT ON TABLE public.qrtz_scheduler_state IS 'Quartz: scheduler instances of a cluster and their check-ins.';

CREATE TABLE public.qrtz_locks (
    sched_name varchar(120) NOT NULL,
    lock_name varchar(40) NOT NULL,
    PRIMARY KEY (sched_name, lock_name)
);
COMMENT ON TABLE public.qrtz_locks IS 'Quartz: rows that the schedulers of a cluster lock.';
