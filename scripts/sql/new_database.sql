-- An empty database :db that the ordinary role mrcall owns. The old one of that name goes.
SELECT pg_catalog.format('CREATE ROLE mrcall LOGIN PASSWORD %L', :'pw')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'mrcall') \gexec
SET client_min_messages = warning;
DROP DATABASE IF EXISTS :"db" WITH (FORCE);
CREATE DATABASE :"db" OWNER mrcall TEMPLATE template0;
