-- An empty database :db that the ordinary role demo owns. The old one of that name goes.
SELECT pg_catalog.format('CREATE ROLE demo LOGIN PASSWORD %L', :'pw')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'demo') \gexec
SET client_min_messages = warning;
DROP DATABASE IF EXISTS :"db" WITH (FORCE);
CREATE DATABASE :"db" OWNER demo TEMPLATE template0;
